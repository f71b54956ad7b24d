import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { type Cli, cli } from '../support/cli.ts';

let sallyport: Cli;
before(async () => {
  sallyport = await cli();
});

const secret = /^[A-Za-z0-9_-]{43}$/;

describe('sallyport client', () => {
  it('adds a service, and prints its secret this once', async () => {
    const added = await sallyport.json([
      'client',
      'add',
      'shipping',
      '--grant',
      'client_credentials',
      '--name',
      'Shipping',
    ]);
    assert.match(String(added.client_secret), secret);
    const { stdout } = await sallyport.run(['client', 'show', 'shipping', '--json']);
    assert.doesNotMatch(stdout, /fingerprint|client_secret"/);
    const shown = JSON.parse(stdout);
    assert.deepEqual(
      [shown.state, shown.grant_types, shown.first_party, shown.pkce],
      ['approved', ['client_credentials'], true, 'required'],
    );
    assert.deepEqual(shown.secrets.length, 1);
  });

  it('takes from its options what the client is for', async () => {
    const web = [
      'client',
      'add',
      'shop',
      '--redirect-uri',
      'http://localhost:8080/callback',
      '--third-party',
      '--scope',
      'openid email',
    ];
    const [shop, gateway] = await Promise.all([
      sallyport.json(web),
      sallyport.json(['client', 'add', 'gateway', '--introspect', 'all', '--auth', 'client_secret_post']),
    ]);
    assert.deepEqual(shop.grant_types, ['authorization_code', 'refresh_token']);
    assert.deepEqual(
      [shop.first_party, shop.scope, shop.redirect_uris],
      [false, 'openid email', ['http://localhost:8080/callback']],
    );
    assert.deepEqual([gateway.grant_types, gateway.introspects], [[], 'all']);
  });

  it('takes public keys from a file, and refuses private ones', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const file = (name: string, key: object) => {
      const path = join(sallyport.directory, name);
      writeFileSync(path, JSON.stringify({ keys: [key] }));
      return path;
    };
    const good = file('public.json', publicKey.export({ format: 'jwk' }));
    const bad = file('private.json', privateKey.export({ format: 'jwk' }));
    const added = await sallyport.json(['client', 'add', 'signer', '--jwks-file', good]);
    assert.deepEqual([added.token_endpoint_auth_method, added.client_secret], ['private_key_jwt', undefined]);
    const refused = await sallyport.run(['client', 'set', 'signer', '--jwks-file', bad]);
    assert.deepEqual([refused.status, refused.stdout], [1, '']);
    assert.match(refused.stderr, /public keys only/);
  });

  it('ends with 1 for what cannot be, and with 2 for what was typed wrongly', async () => {
    const [twice, redirect, choice, certificate] = await Promise.all([
      sallyport.run(['client', 'add', 'shipping']),
      sallyport.run(['client', 'add', 'evil', '--redirect-uri', 'http://evil.example/callback']),
      sallyport.run(['client', 'add', 'odd', '--grant', 'password']),
      sallyport.run(['client', 'add', 'odd', '--tls-subject-dn', 'CN=odd']),
    ]);
    assert.deepEqual([twice.status, redirect.status, choice.status, certificate.status], [1, 1, 2, 1]);
    assert.match(twice.stderr, /^sallyport: The client id shipping is already in use; choose another\n$/);
    assert.match(redirect.stderr, /must use https/);
    assert.match(certificate.stderr, /tls_client_auth needs a proxy that hands on client certificates/);
    assert.match(choice.stderr, /--grant must be authorization_code or /);
  });

  it('approves with a tier, suspends with a reason, resumes and revokes; a forbidden move says what is possible', async () => {
    await sallyport.json(['client', 'add', 'partner', '--grant', 'client_credentials', '--pending']);
    assert.equal((await sallyport.json<unknown[]>(['client', 'list', '--state', 'pending'])).length, 1);
    const approved = await sallyport.run(['client', 'approve', 'partner', '--tier', 'gold']);
    assert.match(
      approved.stdout,
      /^partner is approved \(tier gold, a name without limits; define them: sallyport tier add gold /,
    );
    const suspended = await sallyport.json(['client', 'suspend', 'partner', '--reason', 'unpaid']);
    assert.deepEqual([suspended.state, suspended.reason], ['suspended', 'unpaid']);
    assert.equal((await sallyport.json(['client', 'resume', 'partner'])).state, 'approved');
    assert.equal((await sallyport.json(['client', 'revoke', 'partner'])).state, 'revoked');
    const again = await sallyport.run(['client', 'approve', 'partner']);
    assert.equal(again.status, 1);
    assert.match(again.stderr, /revoked/);
  });

  it('rotates a secret: two live ones, until the overlap ends', async () => {
    const rotated = await sallyport.json<{ client_secret: string; secrets: { expires?: number; created: number }[] }>([
      'client',
      'rotate-secret',
      'shipping',
      '--overlap',
      '60',
    ]);
    assert.match(rotated.client_secret, secret);
    const [older, newer] = rotated.secrets;
    assert.deepEqual([older?.expires, newer?.expires], [(newer?.created ?? 0) + 60, undefined]);
    assert.equal((await sallyport.run(['client', 'rotate-secret', 'signer'])).status, 1);
  });

  it('takes the roles of a client that is removed, so that nobody inherits them', async () => {
    const admin = 'urn:sallyport:admin';
    await sallyport.json(['assign', 'shipping', 'administrator']);
    // Nobody else would look after this server (sec-271).
    await assert.rejects(sallyport.json(['client', 'remove', 'shipping']), /Then nobody would stay an administrator/);
    await sallyport.json(['user', 'add', 'boss@example.test']);
    await sallyport.json(['assign', 'boss@example.test', 'administrator']);
    await sallyport.json(['client', 'remove', 'shipping']);
    await sallyport.json(['client', 'add', 'shipping']);
    assert.deepEqual((await sallyport.json(['access', 'explain', 'shipping', admin])).entitlements, []);
  });
});

describe('sallyport registrar', () => {
  it('prints a credential once, and keeps its rules', async () => {
    const rules = [
      '--approve',
      'at-once',
      '--scope',
      'openid',
      '--grant',
      'client_credentials',
      '--redirect-host',
      '*.example.com',
    ];
    const added = await sallyport.json(['registrar', 'add', 'mulesoft', ...rules]);
    assert.match(String(added.token), secret);
    const { stdout } = await sallyport.run(['registrar', 'list', '--json']);
    assert.doesNotMatch(stdout, /token|fingerprint/);
    const [{ id, approve, redirect_hosts }] = JSON.parse(stdout);
    assert.deepEqual([id, approve, redirect_hosts], ['mulesoft', 'at-once', ['*.example.com']]);
    assert.equal((await sallyport.run(['registrar', 'add', 'mulesoft'])).status, 1);
    assert.equal((await sallyport.run(['registrar', 'remove', 'mulesoft'])).status, 0);
    assert.equal((await sallyport.run(['registrar', 'remove', 'mulesoft'])).status, 1);
  });
});

describe('sallyport audit search', () => {
  it('shows who did what to whom, the latest last', async () => {
    const found = await sallyport.json<{ type: string; actor: string; target: string }[]>([
      ...['audit', 'search', '--target', 'partner', '--limit', '4'],
    ]);
    assert.deepEqual(
      found.map(({ type }) => type),
      ['client.approved', 'client.suspended', 'client.resumed', 'client.revoked'],
    );
    assert.ok(found.every(({ actor }) => actor === 'cli'));
    const eaten = await sallyport.run(['audit', 'search', '--type', 'client.eaten']);
    assert.deepEqual(
      [eaten.status, /no event client\.eaten; --type may be client\.created, /.test(eaten.stderr)],
      [2, true],
    );
  });
});
