import assert from 'node:assert/strict';
import { type IncomingHttpHeaders, request } from 'node:http';
import { text } from 'node:stream/consumers';

interface Cookie {
  name: string;
  value: string;
  path: string;
  expires: number;
  /** The whole line that set it. */
  line: string;
}

/** What a form would send, and where. */
interface Form {
  action: string;
  fields: Record<string, string>;
}

/** Where a browser has come to: a page of ours, or an address elsewhere that it was sent to (then without an answer). */
export interface Page {
  url: URL;
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

interface Options {
  /** The address under which the server is meant to be reached. */
  origin: string;
  /** Where it really listens, when a proxy stands in between. */
  through?: string;
  headers?: Record<string, string>;
}

/** A browser without scripts: keeps cookies by path and time, follows redirects, fills in forms, and notes every request. */
export class Browser {
  /** `GET /signin/… 200`, in order. */
  readonly hops: string[] = [];
  readonly cookies = new Map<string, Cookie>();
  readonly #origin: URL;
  readonly #through: URL;
  readonly #headers: Record<string, string>;

  constructor({ origin, through = origin, headers = {} }: Options) {
    this.#origin = new URL(origin);
    this.#through = new URL(through);
    this.#headers = headers;
  }

  /** Opens an address and follows redirects, until there is a page or an address elsewhere. */
  async open(address: string | URL): Promise<Page> {
    return this.#follow(await this.send('GET', address));
  }

  /** Fills in the form of a page, by the names of its fields, and sends it; buttons count as fields. */
  async submit(page: Page, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Page> {
    const form = formOf(page);
    const target = new URL(form.action, page.url);
    return this.#follow(await this.send('POST', target, { ...form.fields, ...fields }, headers));
  }

  /** One request, without following. */
  async send(
    method: 'GET' | 'POST',
    address: string | URL,
    fields?: Record<string, string> | string,
    headers: Record<string, string> = {},
  ): Promise<Page> {
    const url = new URL(address, this.#origin);
    const body = typeof fields === 'object' ? new URLSearchParams(fields).toString() : fields;
    const outgoing = request({
      ...{ host: this.#through.hostname, port: this.#through.port, method, path: url.pathname + url.search },
      headers: {
        host: url.host,
        accept: 'text/html',
        cookie: this.#cookiesFor(url),
        ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
        ...this.#headers,
        ...headers,
      },
    });
    outgoing.end(body);
    const { promise, resolve, reject } = Promise.withResolvers<Page>();
    outgoing.on('error', reject).on('response', async (incoming) => {
      resolve({ url, status: incoming.statusCode ?? 0, headers: incoming.headers, text: await text(incoming) });
    });
    const page = await promise;
    for (const line of page.headers['set-cookie'] ?? []) this.#keep(line, url);
    this.hops.push(`${method} ${url.pathname.replace(/(?<=\/(?:signin|authorize)\/).+/, '…')} ${page.status}`);
    return page;
  }

  /** Requests from the beginning to the end of a deed, in the words of `hops`. */
  async during(deed: () => Promise<unknown>): Promise<string[]> {
    const before = this.hops.length;
    await deed();
    return this.hops.slice(before);
  }

  async #follow(first: Page): Promise<Page> {
    let page = first;
    for (let count = 0; page.headers.location !== undefined; count += 1) {
      assert.ok(count < 10, `too many redirects: ${this.hops.join(', ')}`);
      const url = new URL(page.headers.location, page.url);
      if (url.origin !== this.#origin.origin) return { url, status: 0, headers: {}, text: '' };
      page = await this.send('GET', url);
    }
    return page;
  }

  #keep(line: string, url: URL): void {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
    const [, name = '', value = ''] = /^([^=]+)=(.*)$/.exec(pair) ?? [];
    const attribute = (wanted: string) =>
      attributes.map((one) => one.split('=')).find(([key]) => key?.toLowerCase() === wanted)?.[1];
    const path = attribute('path') ?? url.pathname;
    const expires = attribute('expires');
    const cookie = { name, value, path, expires: expires ? Date.parse(expires) : Number.POSITIVE_INFINITY, line };
    this.cookies.set(`${name} ${path}`, cookie);
  }

  #cookiesFor({ pathname }: URL): string {
    return [...this.cookies.values()]
      .filter(({ path, expires }) => expires > Date.now() && `${pathname}/`.startsWith(path.replace(/\/?$/, '/')))
      .sort((a, b) => b.path.length - a.path.length)
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }
}

const attributeOf = (tag: string, name: string): string | undefined =>
  new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1]?.replace(/&(amp|lt|gt|quot|#39);/g, (_, entity) => {
    return { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }[String(entity)] ?? '';
  });

/** The form of a page with the values that its fields have already. */
export function formOf(page: Page): Form {
  const [, open = '', content = ''] = /(<form[^>]*>)([\s\S]*?)<\/form>/.exec(page.text) ?? [];
  assert.notEqual(open, '', `there is no form on this page: ${page.text}`);
  const fields = [...content.matchAll(/<input[^>]*>/g)].flatMap(([tag]) => {
    const name = attributeOf(tag, 'name');
    const left = /\stype="checkbox"/.test(tag) && !/\schecked\b/.test(tag);
    return name === undefined || left ? [] : [[name, attributeOf(tag, 'value') ?? '']];
  });
  return { action: attributeOf(open, 'action') ?? '', fields: Object.fromEntries(fields) };
}

/** The text of the first element of a page with this start tag. */
export const textOf = (page: Page, tag: string): string | undefined => {
  const [, name = ''] = /^<(\w+)/.exec(tag) ?? [];
  const [, content] = new RegExp(`${tag}[^>]*>([\\s\\S]*?)</${name}>`).exec(page.text) ?? [];
  return content?.replace(/<[^>]+>/g, '').trim();
};

/** What a page says went wrong. */
export const alertOf = (page: Page): string | undefined => textOf(page, '<p[^>]*role="alert"');
