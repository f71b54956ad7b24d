import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { Surroundings } from '../../src/federation/connection.ts';
import { oidc } from '../../src/federation/oidc.ts';
import { guardedFetch } from '../../src/kernel/fetch.ts';
import { connectionTo, login, reasonOf, surroundings } from '../support/federating.ts';

const pem = (name: string) => readFileSync(join(import.meta.dirname, `../fixtures/federation/tls/${name}.pem`), 'utf8');
const trusted = getCACertificates();

after(() => setDefaultCACertificates(trusted));

const begin = (issuer: string, around: Surroundings = surroundings()) =>
  oidc(connectionTo(issuer), around).begin(login());

/** Begins a sign-in at a server with this certificate. */
async function beginAt(certificate: string): Promise<string> {
  const server = createServer({ cert: pem(certificate), key: pem('server-key') }, (_, response) => response.end());
  server.listen(0, 'localhost');
  await once(server, 'listening');
  try {
    return await reasonOf(begin(`https://localhost:${(server.address() as AddressInfo).port}`));
  } finally {
    server.close();
  }
}

describe('an OpenID provider that cannot be reached', () => {
  it('is told apart by a certificate from nobody', async () => {
    assert.equal(await beginAt('other-name'), 'certificate_untrusted');
    setDefaultCACertificates([...trusted, pem('ca')]);
  });

  it('is told apart by an expired certificate', async () => {
    assert.equal(await beginAt('expired'), 'certificate_expired');
  });

  it('is told apart by a certificate for another name', async () => {
    assert.equal(await beginAt('other-name'), 'certificate_untrusted');
  });

  it('is one that nobody listens for, or that has no address', async () => {
    assert.equal(await reasonOf(begin('http://localhost:1')), 'unreachable');
    assert.equal(await reasonOf(begin('https://idp.invalid')), 'unreachable');
  });

  it('is one without TLS, unless it may be', async () => {
    const around = { ...surroundings(), fetch: (url: string | URL, init?: RequestInit) => guardedFetch(url, init) };
    for (const issuer of ['http://idp.example.test', 'http://localhost:1', 'https://127.0.0.1:1']) {
      assert.equal(await reasonOf(begin(issuer, { ...around })), 'unreachable');
    }
  });
});
