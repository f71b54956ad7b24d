import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { OwnKey } from '../../src/federation/connection.ts';
import { answers, freePort } from './ports.ts';
import { temporaryPath } from './temporary.ts';

const program = '/usr/share/simplesamlphp';
const packages = ['simplesamlphp', 'php-cli', 'php-xml', 'php-sqlite3', 'php-mbstring', 'php-curl', 'php-intl'];

const installed = () => existsSync(join(program, 'www')) && spawnSync('php', ['-v'], { stdio: 'ignore' }).status === 0;

/** Whether SimpleSAMLphp is on this machine, after having tried to install it. Throws with a plain sentence otherwise. */
export function bringSimpleSamlPhp(): void {
  const apt = (...args: string[]) =>
    spawnSync('apt-get', args, { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
  if (!installed() && process.getuid?.() === 0 && apt('--version').status === 0) {
    apt('update');
    apt('install', '-y', '--no-install-recommends', ...packages);
  }
  if (!installed()) throw new Error(`SimpleSAMLphp is not installed; install the packages ${packages.join(', ')}`);
}

/** How the provider is set up; it reads this anew at each request. */
export interface Setup {
  /** Signs now. */
  key: OwnKey;
  /** Is announced, and signs later. */
  nextKey?: OwnKey;
  /** Metadata of the service provider; nobody may ask while there is none. */
  serviceProvider?: string;
  encrypt?: boolean;
  /** What is said of the person; a group `staff` and a group `editors` where nothing else is given. */
  attributes?: Readonly<Record<string, readonly string[]>>;
}

const person = { uid: ['alice-1'], mail: ['alice@example.test'], groups: ['staff', 'editors'] };

type Php = string | boolean | number | null | readonly Php[] | { readonly [key: string]: Php };

/** A value as PHP writes it. */
function php(value: Php): string {
  if (value === null || typeof value !== 'object') {
    return typeof value === 'string' ? `'${value.replaceAll(/[\\']/g, '\\$&')}'` : String(value);
  }
  const entries = Array.isArray(value)
    ? value.map((each: Php) => php(each))
    : Object.entries(value).map(([key, each]) => `${/^\d+$/.test(key) ? key : php(key)} => ${php(each)}`);
  return `[${entries.join(', ')}]`;
}

/** SimpleSAMLphp as identity provider, on PHP's own server, with one person: `alice`, `a password`. */
export class SimpleSamlPhp {
  readonly url: string;
  readonly #folder: string;
  readonly #child: ChildProcess;
  #output = '';

  private constructor(url: string, folder: string, child: ChildProcess) {
    this.url = url;
    this.#folder = folder;
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (text) => {
        this.#output = `${this.#output}${text}`.slice(-8000);
      });
    }
  }

  static async start(setup: (url: string) => Setup): Promise<SimpleSamlPhp> {
    bringSimpleSamlPhp();
    const folder = dirname(temporaryPath());
    for (const name of ['www', 'metadata', 'sessions', 'data', 'temp'])
      mkdirSync(join(folder, name), { recursive: true });
    symlinkSync(join(program, 'www'), join(folder, 'www', 'simplesaml'));
    const port = await freePort();
    // Without its cache, which would take an older configuration for some seconds.
    const child = spawn('php', ['-d', 'opcache.enable=0', '-S', `127.0.0.1:${port}`, '-t', join(folder, 'www')], {
      env: { ...process.env, SIMPLESAMLPHP_CONFIG_DIR: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const idp = new SimpleSamlPhp(`http://127.0.0.1:${port}/simplesaml/`, folder, child);
    idp.configure(setup(idp.url));
    await idp.#ready(port);
    return idp;
  }

  async #ready(port: number): Promise<void> {
    await answers(port, this.#child, () => this.#output);
    const { ok, status } = await fetch(`${this.url}saml2/idp/metadata.php`);
    if (!ok) throw new Error(`SimpleSAMLphp answers ${status}: ${this.#output}`);
  }

  /** Its entity id. */
  get entityId(): string {
    return `${this.url}idp`;
  }

  /** Sets it up; takes effect at the next request. */
  configure({ key, nextKey, serviceProvider, encrypt = false, attributes = person }: Setup): void {
    const write = (name: string, text: string) => writeFileSync(join(this.#folder, name), text);
    for (const [name, pair] of [['now', key] as const, ...(nextKey ? [['next', nextKey] as const] : [])]) {
      write(`${name}.key`, pair.privateKey);
      write(`${name}.crt`, pair.certificate);
    }
    if (serviceProvider !== undefined) write('sp.xml', serviceProvider);
    write('config.php', `<?php $config = ${php(this.#config(serviceProvider !== undefined))};`);
    write(
      'authsources.php',
      `<?php $config = ${php({
        people: {
          '0': 'exampleauth:UserPass',
          'alice:a password': attributes,
        },
      })};`,
    );
    const next = nextKey ? { new_privatekey: 'next.key', new_certificate: 'next.crt' } : {};
    const hosted = {
      host: '__DEFAULT__',
      privatekey: 'now.key',
      certificate: 'now.crt',
      ...next,
      auth: 'people',
      'redirect.sign': true,
      'redirect.validate': true,
      'validate.authnrequest': true,
      'assertion.encryption': encrypt,
      sharedkey_algorithm: 'http://www.w3.org/2009/xmlenc11#aes256-gcm',
      authproc: {
        '3': {
          class: 'saml:AttributeNameID',
          attribute: 'uid',
          Format: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
        },
      },
    };
    write('metadata/saml20-idp-hosted.php', `<?php $metadata[${php(this.entityId)}] = ${php(hosted)};`);
  }

  #config(asked: boolean): Php {
    const folder = (name: string) => `${join(this.#folder, name)}/`;
    return {
      baseurlpath: this.url,
      certdir: folder('.'),
      datadir: folder('data'),
      tempdir: folder('temp'),
      loggingdir: folder('temp'),
      metadatadir: folder('metadata'),
      'logging.handler': 'errorlog',
      secretsalt: 'a salt of this test only',
      'auth.adminpassword': 'an administrator of this test only',
      'enable.saml20-idp': true,
      'module.enable': { exampleauth: true, core: true, saml: true },
      'session.cookie.secure': false,
      'session.cookie.samesite': null,
      'session.phpsession.savepath': folder('sessions'),
      'language.cookie.secure': false,
      'store.type': 'phpsession',
      'metadata.sources': [
        { type: 'flatfile' },
        ...(asked ? [{ type: 'xml', file: join(this.#folder, 'sp.xml') }] : []),
      ],
      'authproc.idp': {},
      'trusted.url.domains': null,
    };
  }

  /** Where it describes itself. */
  get metadataUrl(): string {
    return `${this.url}saml2/idp/metadata.php`;
  }

  /** Its metadata as it serves it. */
  async metadata(): Promise<string> {
    return (await fetch(this.metadataUrl)).text();
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill();
    await ended;
  }
}

/** Where a browser has come to: a page, or an address outside of the provider. */
export interface Arrived {
  url: string;
  html: string;
  /** The fields of its form, with where it goes. */
  form: { action: string; fields: Record<string, string> };
}

const plain = (text: string): string =>
  text.replaceAll(/&(?:amp|quot|lt|gt|#0?39);/g, (entity) => {
    const known: Record<string, string> = { '&amp;': '&', '&quot;': '"', '&lt;': '<', '&gt;': '>' };
    return known[entity] ?? "'";
  });

function form(html: string, url: string): Arrived['form'] {
  const value = (tag: string, name: string) => plain(new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? '');
  const inputs = [...html.matchAll(/<input\b[^>]*>/g)].map(
    ([tag]) => [value(tag, 'name'), value(tag, 'value')] as const,
  );
  const action = value(/<form\b[^>]*>/.exec(html)?.[0] ?? '', 'action');
  return {
    action: new URL(action, url).href,
    fields: Object.fromEntries(inputs.filter(([name]) => name !== '')),
  };
}

/** A browser at the provider: keeps its cookies, follows its redirects, and stops where they lead out. */
export function browserAt(provider: string) {
  const cookies = new Map<string, string>();
  return async function go(address: string, fields?: Record<string, string>): Promise<Arrived> {
    let url = address;
    let body = fields;
    for (let hops = 0; hops < 10 && url.startsWith(provider); hops += 1) {
      const answer = await fetch(url, {
        method: body ? 'POST' : 'GET',
        redirect: 'manual',
        headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
        ...(body && { body: new URLSearchParams(body) }),
      });
      for (const cookie of answer.headers.getSetCookie()) {
        const [name = '', value = ''] = (cookie.split(';', 1)[0] ?? '').split(/=(.*)/);
        cookies.set(name, value);
      }
      const location = answer.headers.get('location');
      const html = await answer.text();
      if (location === null) return { url, html, form: form(html, url) };
      url = new URL(location, url).href;
      body = undefined;
    }
    return { url, html: '', form: { action: '', fields: {} } };
  };
}
