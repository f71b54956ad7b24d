import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createServer, type TlsOptions } from 'node:tls';
import { checkDirectory } from '../../src/federation/ldap.ts';
import { type Certificate, makeCertificate } from '../support/certificates.ts';
import { around, between, listener, recorder, refusedWith, settingsFor, signIn } from '../support/ldap.ts';
import { freePort } from '../support/ports.ts';
import { type Directory, startSlapd } from '../support/slapd.ts';

const people = readFileSync(join(import.meta.dirname, '../fixtures/directory.ldif'), 'utf8');

/** A StartTLS answer: message 1, ExtendedResponse, this result code. */
const startTlsAnswer = (code: number) => Buffer.from([0x30, 12, 2, 1, 1, 0x78, 7, 0x0a, 1, code, 4, 0, 4, 0]);

let directory: Directory;
let strangers: Certificate;
before(async () => {
  directory = await startSlapd(people);
  strangers = makeCertificate('Authority of somebody else');
});
after(() => directory.stop());

const attempt = (change: Record<string, unknown>, trace = recorder()) =>
  signIn(settingsFor(directory, { timeoutMs: 3000, ...change }), 'ana', 'correct horse', trace);

/** A TLS server that says nothing more, with these options. */
async function tlsServer(options: TlsOptions): Promise<{ url: string; close: () => Promise<void> }> {
  const inner = createServer(options);
  inner.on('tlsClientError', () => {});
  const outer = await listener((socket) => inner.emit('connection', socket));
  return { url: `ldaps://127.0.0.1:${outer.port}`, close: outer.close };
}

describe('the certificate of a directory', () => {
  for (const by of ['ldap', 'ldaps'] as const) {
    it(`is refused from an authority that was not given, over ${by}`, async () => {
      const change = { servers: [directory[by]], certificateAuthority: strangers.certificate };
      await refusedWith('untrusted_certificate', attempt(change));
      await refusedWith('untrusted_certificate', checkDirectory(settingsFor(directory, change), around, recorder()));
    });

    it(`is refused from an authority that the system does not know, over ${by}`, async () => {
      await refusedWith(
        'untrusted_certificate',
        attempt({ servers: [directory[by]], certificateAuthority: undefined }),
      );
    });

    it(`is refused for another host name, over ${by}`, async () => {
      const refusal = await refusedWith(
        'wrong_host',
        attempt({ servers: [directory[by].replace('127.0.0.1', 'localhost')] }),
      );
      assert.equal(refusal.wanted, 'localhost');
    });

    it(`is checked even where NODE_TLS_REJECT_UNAUTHORIZED says otherwise, over ${by}`, async () => {
      process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
      const change = { servers: [directory[by]], certificateAuthority: strangers.certificate };
      await refusedWith('untrusted_certificate', attempt(change)).finally(() => {
        delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      });
    });
  }

  it('is refused when it has expired', async () => {
    const expired = makeCertificate('expired', { names: 'IP:127.0.0.1', by: directory.authority, expired: true });
    const server = await tlsServer({ key: expired.key, cert: expired.certificate });
    await refusedWith('expired_certificate', attempt({ servers: [server.url] })).finally(server.close);
  });

  it('does not help a server that speaks TLS 1.1 only', async () => {
    const good = makeCertificate('old', { names: 'IP:127.0.0.1', by: directory.authority });
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const server = await tlsServer({ key: good.key, cert: good.certificate, ...old });
    await refusedWith('tls_failed', attempt({ servers: [server.url] })).finally(server.close);
  });

  it('is asked for in vain at a port that speaks no TLS', async () => {
    await refusedWith('unreachable', attempt({ servers: [directory.ldap.replace('ldap:', 'ldaps:')] }));
  });
});

describe('StartTLS', () => {
  it('sends nothing in clear when the server refuses it', async () => {
    const heard: Buffer[] = [];
    const server = await listener((socket) => {
      socket.on('data', (chunk) => {
        heard.push(chunk);
        socket.write(startTlsAnswer(52));
      });
    });
    const servers = [`ldap://127.0.0.1:${server.port}`];
    await refusedWith('start_tls_refused', attempt({ servers })).finally(server.close);
    const name = Buffer.from('1.3.6.1.4.1.1466.20037').toString('hex');
    assert.equal(Buffer.concat(heard).toString('hex'), `301d02010177188016${name}`);
  });

  const answers: [name: string, bytes: Buffer][] = [
    ['is no LDAP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['answers another message', Buffer.from([0x30, 12, 2, 1, 2, 0x78, 7, 0x0a, 1, 0, 4, 0, 4, 0])],
    ['is a bind response', Buffer.from([0x30, 12, 2, 1, 1, 0x61, 7, 0x0a, 1, 0, 4, 0, 4, 0])],
    ['is followed by more', Buffer.concat([startTlsAnswer(0), Buffer.from([0x30])])],
  ];
  for (const [name, bytes] of answers)
    it(`is refused when the answer ${name}`, async () => {
      const server = await listener((socket) => socket.once('data', () => socket.write(bytes)));
      const servers = [`ldap://127.0.0.1:${server.port}`];
      await refusedWith('start_tls_refused', attempt({ servers })).finally(server.close);
    });

  it('lets nobody between put the beginning of a false answer before the encrypted one', async () => {
    // A bind response "success" to the next message ids, whose text would swallow what the server really answers.
    const forged = [1, 2, 3, 4].map((id) => Buffer.from([0x30, 26, 2, 1, id, 0x61, 21, 0x0a, 1, 0, 4, 0, 4, 14]));
    for (const beginning of forged) {
      const proxy = await between(directory.port, (chunk, first) =>
        first ? Buffer.concat([chunk, beginning]) : chunk,
      );
      const settings = settingsFor(directory, { servers: [`ldap://127.0.0.1:${proxy.port}`], timeoutMs: 3000 });
      await refusedWith('start_tls_refused', signIn(settings, 'ana', 'wrong')).finally(proxy.close);
    }
  });
});

describe('a directory that is away', () => {
  const silences: [name: string, treat: (socket: Socket) => void][] = [
    ['says nothing', () => {}],
    ['closes at once', (socket) => socket.destroy()],
    ['stops after it agreed to StartTLS', (socket) => socket.once('data', () => socket.write(startTlsAnswer(0)))],
    ['closes after it agreed to StartTLS', (socket) => socket.once('data', () => socket.end(startTlsAnswer(0)))],
    ['sends half an answer', (socket) => socket.once('data', () => socket.write(startTlsAnswer(0).subarray(0, 5)))],
  ];
  for (const [name, treat] of silences) {
    it(`is given up when it ${name}, and the next server is asked; the next person does not wait for it`, async () => {
      const silent = await listener(treat);
      const servers = [`ldap://127.0.0.1:${silent.port}`, directory.ldap];
      const trace = recorder();
      assert(await attempt({ servers, timeoutMs: 1500 }, trace));
      assert(trace.lines.some((line) => line.startsWith(`< server that cannot be used: ${servers[0]}: unreachable`)));
      assert(await attempt({ servers, timeoutMs: 1500 }));
      assert.equal(silent.count(), 1);
      await silent.close();
    });

    it(`is unreachable when it ${name} and is the only one`, async () => {
      const silent = await listener(treat);
      const change = { servers: [`ldap://127.0.0.1:${silent.port}`], timeoutMs: 200 };
      await refusedWith('unreachable', attempt(change));
      await refusedWith('unreachable', attempt(change));
      assert.equal(silent.count(), 2, 'the only server is asked again');
      await silent.close();
    });
  }

  it('is passed over when its port is closed', async () => {
    const servers = [`ldap://127.0.0.1:${await freePort()}`, directory.ldaps];
    assert.equal((await attempt({ servers })).issuer, servers[0]);
    await refusedWith('unreachable', attempt({ servers: servers.slice(0, 1) }));
    await refusedWith('unreachable', attempt({ servers: ['ldaps://directory.invalid'] }));
  });

  it('is not asked beyond three times the time of one request', async () => {
    const silent = await Promise.all(Array.from({ length: 6 }, () => listener(() => {})));
    const servers = silent.map(({ port }) => `ldap://127.0.0.1:${port}`);
    await refusedWith('unreachable', attempt({ servers, timeoutMs: 100 }));
    const asked = silent.filter(({ count }) => count() > 0).length;
    await Promise.all(silent.map(({ close }) => close()));
    assert(asked >= 1 && asked <= 4, `${asked} were asked`);
  });

  it('is told by its certificate first, when another one is merely away', async () => {
    const servers = [`ldap://127.0.0.1:${await freePort()}`, directory.ldap];
    await refusedWith('untrusted_certificate', attempt({ servers, certificateAuthority: strangers.certificate }));
  });

  it('may stop at any answer, which never lets anybody in and leaves no connection open', async () => {
    for (let answer = 0; answer < 12; answer += 1) {
      let heard = 0;
      const proxy = await between(directory.port, (chunk) => {
        heard += 1;
        return heard > answer ? Buffer.alloc(0) : chunk;
      });
      const settings = settingsFor(directory, { servers: [`ldap://127.0.0.1:${proxy.port}`], timeoutMs: 150 });
      await refusedWith('unreachable', signIn(settings, 'ana', 'correct horse')).catch((error: unknown) => {
        // From some answer on it has all it needs, or fails with the right reason.
        if (heard <= answer) return;
        throw error;
      });
      await proxy.close();
    }
  });
});

describe('connections', () => {
  const outcomes: [name: string, username: string, password: string, count: number][] = [
    ['a sign-in', 'ana', 'correct horse', 2],
    ['a wrong password', 'ana', 'wrong', 2],
    ['an unknown person, whose password is pretended to be tried', 'nobody', 'wrong', 2],
    ['a name that two have', 'twin@example.test', 'wrong', 2],
  ];
  for (const [name, username, password, count] of outcomes)
    it(`are ${count} for ${name}, each with one bind, and none is left`, async () => {
      let binds = 0;
      const proxy = await between(directory.port, (chunk) => {
        if (chunk[5] === 0x61) binds += 1;
        return chunk;
      });
      const settings = settingsFor(directory, { servers: [`ldap://127.0.0.1:${proxy.port}`], startTls: false });
      await signIn(settings, username, password).catch(() => {});
      await proxy.ended().finally(proxy.close);
      assert.deepEqual([proxy.count(), binds], [count, count]);
    });
});
