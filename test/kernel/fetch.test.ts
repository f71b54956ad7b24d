import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createCanary } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { Problem } from '../../src/kernel/errors.ts';
import { fetchGuardHolds, guardedFetch, specialUse } from '../../src/kernel/fetch.ts';

const refused = (error: unknown): boolean => error instanceof Problem && error.code === 'not_fetched';

async function listening(handler: RequestListener) {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close().closeAllConnections() };
}

async function answering(handler: RequestListener, bounds: Parameters<typeof guardedFetch>[2], init: RequestInit = {}) {
  const { url, close } = await listening(handler);
  try {
    return await guardedFetch(url, init, { allowPrivate: true, ...bounds });
  } finally {
    close();
  }
}

describe('guardedFetch against special-use addresses (sec-243)', () => {
  let reached = 0;
  const canary = createCanary((socket) => {
    reached += 1;
    socket.destroy();
  });
  let port = 0;
  before(async () => {
    canary.listen(0, '::');
    await once(canary, 'listening');
    ({ port } = canary.address() as AddressInfo);
  });
  after(() => canary.close());

  const spellings = [
    ...[
      '127.0.0.1',
      '127.1',
      '2130706433',
      '0x7f.1',
      '0177.0.0.1',
      '0.0.0.0',
      '0',
      'localhost',
      'LOCALHOST',
      'localhost.',
    ],
    ...['127.0.0.1.', '１２７.0.0.1', '[::1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::127.0.0.1]'],
    ...['169.254.169.254', '10.0.0.1', '192.168.1.1', '100.64.0.1', '[fd00::1]', '[fe80::1]', '[64:ff9b::7f00:1]'],
  ];
  for (const host of spellings) {
    it(`sends nothing to ${host}`, async () => {
      await assert.rejects(guardedFetch(`https://${host}:${port}/`), refused);
      assert.equal(reached, 0);
    });
  }

  for (const url of [
    'http://127.0.0.1',
    'file:///etc/passwd',
    'gopher://127.0.0.1',
    'data:text/plain,x',
    'https://a:b@example.com',
  ]) {
    it(`does not take ${url}`, async () => {
      await assert.rejects(guardedFetch(url), refused);
    });
  }

  it('sends nothing to a name when only one of its addresses is private', async () => {
    const resolve = (_name: string, found: (error: null, addresses: { address: string; family: number }[]) => void) =>
      found(null, [
        { address: '93.184.215.14', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ]);
    await assert.rejects(guardedFetch(`https://two.example:${port}/`, {}, { resolve }), refused);
    assert.equal(reached, 0);
  });

  it('asks for the name once per connection, so that a rebound name gains nothing (sec-244)', async () => {
    const asked: string[] = [];
    const resolve = (name: string, found: (error: null, addresses: { address: string; family: number }[]) => void) => {
      asked.push(name);
      found(null, [{ address: asked.length > 1 ? '127.0.0.1' : '192.0.2.1', family: 4 }]);
    };
    await assert.rejects(guardedFetch(`https://flip.example:${port}/`, {}, { resolve }), refused);
    await assert.rejects(guardedFetch(`https://flip.example:${port}/`, {}, { resolve }), refused);
    assert.deepEqual([asked.length, reached], [2, 0]);
  });

  it('says the same whatever the reason was (sec-250)', async () => {
    const sentence = async (url: string) => String(await guardedFetch(url).catch((error: unknown) => error));
    const [open, closed] = [
      await sentence(`https://127.0.0.1:${port}`),
      await sentence(`https://127.0.0.1:${port + 1}`),
    ];
    assert.equal(open.replace(`${port}`, 'P'), closed.replace(`${port + 1}`, 'P'));
  });
});

describe('specialUse', () => {
  const tables = {
    special:
      '0.1.2.3 10.1.1.1 100.64.0.1 127.9.9.9 169.254.1.1 172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 240.0.0.1 255.255.255.255 :: ::1 ::127.0.0.1 ::ffff:10.0.0.1 64:ff9b::1 64:ff9b:1::1 100::1 2001::1 2001:db8::1 2002:7f00:1:: 3fff::1 5f00::1 fc00::1 fd12::1 fe80::1 fec0::1 ff02::1 nonsense',
    public: '1.1.1.1 93.184.215.14 172.32.0.1 100.128.0.1 ::ffff:1.1.1.1 2606:4700:4700::1111 2a00:1450::1',
  };
  it('knows every special-use range (RFC 6890)', () => {
    assert.deepEqual(
      tables.special.split(' ').filter((address) => !specialUse(address)),
      [],
    );
  });
  it('lets public addresses pass', () => {
    assert.deepEqual(tables.public.split(' ').filter(specialUse), []);
  });
});

describe('guardedFetch bounds', () => {
  it('answers a response with status, headers and body', async () => {
    const response = await answering(
      async (request, response) => {
        const chunks = await request.toArray();
        response.setHeader('X-Kind', request.headers['content-type'] ?? '');
        response.writeHead(201).end(JSON.stringify({ method: request.method, body: Buffer.concat(chunks).toString() }));
      },
      {},
      { method: 'POST', body: new URLSearchParams({ logout_token: 'a b' }) },
    );
    assert.equal(response.status, 201);
    assert.match(response.headers.get('x-kind') ?? '', /^application\/x-www-form-urlencoded/);
    assert.deepEqual(await response.json(), { method: 'POST', body: 'logout_token=a+b' });
  });

  it('stops an answer that grows over the limit (sec-248)', async () => {
    let written = 0;
    const endless: RequestListener = (_request, response) => {
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65536))) written += 65536;
      };
      response.on('drain', more);
      more();
    };
    await assert.rejects(answering(endless, { maxBytes: 256 * 1024, timeoutMs: 20_000 }), refused);
    assert.ok(written < 64 * 1024 * 1024, `${written} bytes were taken`);
  });

  it('believes a Content-Length over the limit at once', async () => {
    const announced: RequestListener = (_request, response) =>
      void response.writeHead(200, { 'content-length': 300e6 }).write('x');
    await assert.rejects(answering(announced, { timeoutMs: 20_000 }), refused);
  });

  it('gives up on a slow answer (sec-249)', async () => {
    const slow: RequestListener = (_request, response) => void response.writeHead(200).write('{');
    await assert.rejects(answering(slow, { timeoutMs: 100 }), refused);
  });

  it('gives up when the caller does', async () => {
    await assert.rejects(
      answering(() => {}, { timeoutMs: 20_000 }, { signal: AbortSignal.abort() }),
      refused,
    );
  });

  it('follows no redirect (sec-245)', async () => {
    const away: RequestListener = (_request, response) =>
      void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
    await assert.rejects(answering(away, {}), refused);
    assert.equal((await answering(away, {}, { redirect: 'manual' })).status, 302);
  });

  it('takes no compressed answer', async () => {
    const packed: RequestListener = (_request, response) =>
      void response.writeHead(200, { 'content-encoding': 'gzip' }).end('x');
    await assert.rejects(answering(packed, {}), refused);
  });

  it('opens at most four connections to one host at a time', async () => {
    let [now, most] = [0, 0];
    const { url, close } = await listening(async (_request, response) => {
      now += 1;
      most = Math.max(most, now);
      await new Promise(setImmediate);
      now -= 1;
      response.end('x');
    });
    const all = Array.from({ length: 24 }, () => guardedFetch(url, {}, { allowPrivate: true, timeoutMs: 20_000 }));
    assert.deepEqual(new Set((await Promise.all(all)).map(({ status }) => status)), new Set([200]));
    close();
    assert.ok(most <= 4, `${most} at once`);
  });
});

describe('fetchGuardHolds (sec-246, sec-247)', () => {
  it('is true for the guarded fetch', async () => {
    assert.equal(await fetchGuardHolds(), true);
  });

  it('is false for a fetch that reaches the listener', async () => {
    assert.equal(await fetchGuardHolds(globalThis.fetch), false);
  });

  it('is true when the environment names an outgoing proxy', async () => {
    const proxy = createCanary((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    let asked = 0;
    proxy.on('connection', () => {
      asked += 1;
    });
    const where = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const code = `import { fetchGuardHolds } from '${new URL('../../src/kernel/fetch.ts', import.meta.url)}'; console.log(await fetchGuardHolds())`;
    const env = { ...process.env, NODE_USE_ENV_PROXY: '1', HTTP_PROXY: where, HTTPS_PROXY: where };
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], { env });
    proxy.close();
    assert.deepEqual([stdout.trim(), asked], ['true', 0]);
  });
});
