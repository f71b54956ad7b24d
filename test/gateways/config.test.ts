import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { before, describe, it } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import {
  type Deployment,
  escaped,
  type GatewayFile,
  type Guarded,
  pattern,
  placeholder,
} from '../../src/gateways/guide.ts';
import { guides } from '../../src/gateways/guides.ts';
import { standIns, withSecret } from '../../src/gateways/stand-in.ts';
import { waysOf } from '../../src/gateways/ways.ts';
import { configurationReply } from '../../src/routes/gateway-document.ts';
import { type Cli, cli } from '../support/cli.ts';
import { temporaryPath } from '../support/temporary.ts';

const api: Guarded = {
  audience: 'https://api.example.test/orders',
  host: 'api.example.test',
  tokenFormat: 'jwt',
  signingAlg: 'RS256',
  ways: waysOf([
    'GET /orders/** = orders:read',
    'GET /orders/{id}/invoice = orders:bill',
    '* /orders/reports = orders:report',
    'POST /orders/** = orders:write',
  ]),
  roles: ['orders-reader'],
  minimal: false,
  ttl: 600,
};

const deployment: Deployment = {
  issuer: 'https://id.example.test',
  reach: 'https://id.example.test',
  ca: '/etc/ssl/certs/ca-certificates.crt',
  client: { id: 'edge', secret: placeholder, keep: 0, redirectUri: 'https://app.example.test/oauth2/callback' },
  apis: [api],
  upstream: new URL('http://127.0.0.1:8080'),
  port: 8000,
};

describe('routes as gateways read them', () => {
  const paths: [template: string, path: string, fits: boolean][] = [
    ['/orders/**', '/orders', true],
    ['/orders/**', '/orders/7/lines', true],
    ['/orders/**', '/ordersx', false],
    ['/orders/{id}/lines', '/orders/7/lines', true],
    ['/orders/{id}/lines', '/orders//lines', false],
    ['/orders/*', '/orders/7/8', false],
    ['/a.b', '/axb', false],
    ['/a.b', '/a.b', true],
    ['/a(b)$c', '/a(b)$c', true],
    ['/**', '/', true],
  ];
  for (const [template, path, fits] of paths) {
    it(`${template} ${fits ? 'takes' : 'leaves'} ${path}`, () => {
      assert.equal(new RegExp(pattern(template)).test(path), fits);
    });
  }

  it('come most specific first, HEAD with GET, and those alike together', () => {
    const ways = waysOf(['GET /a/** = r', 'PUT /a/** = w', 'POST /a/** = w', 'GET /a/{id} = one', 'GET /a/me = me']);
    assert.deepEqual(
      ways.map(({ methods, template, permission }) => `${methods.join(',')} ${template} ${permission}`),
      ['GET,HEAD /a/me me', 'GET,HEAD /a/{id} one', 'GET,HEAD /a/** r', 'PUT,POST /a/** w'],
    );
  });
});

/** Throws when a file is not what its name says. */
function readable({ name, text }: GatewayFile): void {
  if (name.endsWith('.json')) JSON.parse(text);
  else if (name === 'template.yaml') assert.ok(parse(text, { logLevel: 'silent' }).Resources.Api);
  else if (/\.ya?ml$/.test(name)) for (const { errors } of parseAllDocuments(text)) assert.deepEqual(errors, [], name);
}

describe('every configuration', () => {
  for (const guide of guides) {
    it(`${guide.kind}: says for what it is, its bound, what it strips and that it closes`, () => {
      const files = guide.files(deployment);
      // A comment in XML has no two hyphens together.
      const all = files
        .map(({ text }) => text)
        .join('\n')
        .replaceAll('- -', '--');
      for (const said of [`sallyport gateway config ${guide.kind} --client edge`, 'Bound:', 'Headers:', 'Closed:'])
        assert.ok(all.includes(said), said);
      for (const { name, text } of files) {
        // A script may well speak of undefined itself.
        if (!/\.m?js$/.test(name)) assert.doesNotMatch(text, /undefined|\[object|NaN/);
        assert.ok(text.endsWith('\n'));
      }
      const kept = guide.files({ ...deployment, client: { ...deployment.client, keep: 5 } });
      if (guide.asks === 'introspection' && guide.kind !== 'spring')
        assert.match(kept.map(({ text }) => text).join('\n'), /5 s at most/);
      if (guide.kind === 'nginx-njs') {
        // It counts whole seconds, and keeps for up to one more.
        assert.match(kept[0]?.text ?? '', /proxy_cache_valid 200 4s;/);
        const [least] = guide.files({ ...deployment, client: { ...deployment.client, keep: 1 } });
        assert.doesNotMatch(least?.text ?? '', /proxy_cache/);
      }
    });

    it(`${guide.kind}: with the secret put in afterwards is what it would have been with it`, () => {
      const files = (secret: string) => guide.files({ ...deployment, client: { ...deployment.client, secret } });
      const [standIn, secret] = ['stands-for-the-secret', "s$&cret'~#1"];
      assert.deepEqual(withSecret(files(standIn), { id: 'edge', standIn, secret }), files(secret));
      const left = standIns(guide.files(deployment), 'edge').map(({ by }) => by);
      assert.equal(left.length > 0, guide.asks === 'introspection' || guide.asks === 'sign-in', left.join());
    });

    it(`${guide.kind}: is read by a parser of its format, whatever clients, APIs and permissions are called`, () => {
      for (const file of guide.files(deployment)) readable(file);
      const [odd] = waysOf(["GET /odd = a'}$(x)`{<&%["]);
      assert.ok(odd);
      const apis = [{ ...api, audience: 'https://x.test/"\'\\{}`<&', ways: [odd] }];
      for (const id of ['0123', 'no', "c]'},{&*!"]) {
        for (const file of guide.files({ ...deployment, apis, client: { ...deployment.client, id } })) {
          readable(file);
          if (!/\.ya?ml$/.test(file.name)) continue;
          const named = JSON.stringify(parse(file.text, { logLevel: 'silent' })).matchAll(
            /"client-?_?id":(?:\[)?([^,\]}]*)/gi,
          );
          for (const [, told] of named) assert.ok(told?.startsWith('"'), `${file.name}: ${told}`);
        }
      }
    });
  }
});

it('files of a gateway have plain names, wherever they come from', () => {
  const said = { kind: 'kong', apis: [], unrouted: [], stand_ins: [], bound: { until: 'request' } };
  for (const name of ['../kong.yaml', '/etc/kong.yaml', '.ssh', 'a\\b', ''])
    assert.ok(!configurationReply.safeParse({ ...said, files: [{ name, text: '' }] }).success, name);
});

it('a permission with a bracket is that one and no other', () => {
  assert.match('x[yz]', new RegExp(`^${escaped('x[yz]')}$`));
  assert.doesNotMatch('xy', new RegExp(`^${escaped('x[yz]')}$`));
});

describe('sallyport gateway', () => {
  let sallyport: Cli;
  before(async () => {
    sallyport = await cli();
    await sallyport.run(['demo']);
  });

  it('lists the kinds', async () => {
    const kinds = await sallyport.json<{ kind: string }[]>(['gateway', 'list']);
    assert.deepEqual(
      kinds.map(({ kind }) => kind),
      guides.map(({ kind }) => kind),
    );
  });

  it('prints a configuration for this server, and never a secret that it was not given', async () => {
    const { status, stdout } = await sallyport.run(['gateway', 'config', 'apisix', '--client', 'demo-gateway']);
    assert.equal(status, 0);
    assert.match(stdout, /http:\/\/localhost:3000\/oauth2\/introspect/);
    assert.match(stdout, /orders:read/);
    assert.ok(stdout.includes(placeholder));
  });

  it('writes files that only their owner reads', async () => {
    const home = dirname(temporaryPath());
    mkdirSync(home, { recursive: true });
    const secret = (await sallyport.json<{ secret: string }>(['demo', '--secret', 'demo-gateway'])).secret;
    writeFileSync(join(home, 'application.yml'), 'what everybody may read', { mode: 0o644 });
    const into = ['--client', 'demo-gateway', '--into', home, '--secret-stdin'];
    assert.equal((await sallyport.run(['gateway', 'config', 'spring', ...into], secret)).status, 0);
    assert.deepEqual(readdirSync(home).sort(), ['SallyportSecurity.java', 'application.yml']);
    assert.ok(readFileSync(join(home, 'application.yml'), 'utf8').includes(secret));
    assert.equal(statSync(join(home, 'application.yml')).mode & 0o777, 0o600);
  });

  const refusals: [args: string[], code: number, sentence: RegExp][] = [
    [['toaster', '--client', 'demo-gateway'], 2, /KIND is one of nginx, /],
    [['nginx'], 2, /--client ID is missing/],
    [['nginx', '--client', 'nobody'], 1, /The client nobody does not exist/],
    [['kong', '--client', 'demo-service'], 1, /sallyport client set demo-service --introspect all/],
    [['nginx', '--client', 'demo-gateway', '--upstream', 'ftp://x'], 2, /--upstream must be an address/],
  ];
  for (const [args, code, sentence] of refusals) {
    it(`says what to change: ${args.join(' ')}`, async () => {
      const { status, stderr } = await sallyport.run(['gateway', 'config', ...args]);
      assert.deepEqual([status, sentence.test(stderr)], [code, true], stderr);
    });
  }

  it('refuses a secret that is not the client’s', async () => {
    const args = ['gateway', 'config', 'kong', '--client', 'demo-gateway', '--secret-stdin'];
    const { status, stderr } = await sallyport.run(args, 'something-else');
    assert.deepEqual([status, /rotate-secret demo-gateway/.test(stderr)], [1, true]);
    assert.doesNotMatch(stderr, /something-else/);
  });
});
