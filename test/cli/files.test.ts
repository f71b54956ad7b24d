import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { type Cli, cli } from '../support/cli.ts';
import { everything, file, secrets } from '../support/files.ts';

describe('sallyport apply and export', () => {
  let here: Cli;
  let there: Cli;
  before(async () => {
    [here, there] = await Promise.all([cli(secrets), cli(secrets)]);
  });

  it('makes all of it, says so, and again changes nothing', async () => {
    const dry = await here.json<{ changes: unknown[] }>(['apply', '-f', everything, '--dry-run']);
    assert.equal(dry.changes.length, 19);
    assert.equal((await here.run(['export'])).stdout, '\n');
    const first = await here.run(['apply', '-f', everything]);
    assert.equal(first.status, 0, first.stderr);
    assert.match(first.stdout, /^\+ api https:.*\n\+ role orders-reader\n\+ role orders-editor\n/);
    assert.match(first.stdout, /\+ assignment orders-editor of ana@example.com in acme\n.*\n19 changes made\n$/);
    assert.match(first.stderr, /nobody has the credential of the registrar partners/);
    for (const secret of Object.values(secrets)) assert.ok(!`${first.stdout}${first.stderr}`.includes(secret));
    assert.equal((await here.run(['apply', '-f', everything, '--prune'])).stdout, 'Nothing to change\n');
  });

  it('comes back as the same text from a store that an export was applied to', async () => {
    const exported = await here.run(['export', '--users']);
    assert.ok(!exported.stdout.includes(secrets.CLIENT_SHOP_CLIENT_SECRET));
    assert.match(exported.stdout, /client_secret: env:CLIENT_SHOP_CLIENT_SECRET/);
    const path = file(exported.stdout);
    const applied = await there.run(['apply', '-f', path]);
    assert.equal(applied.status, 0, applied.stderr);
    const [again, unchanged, bare] = await Promise.all([
      there.run(['export', '--users']),
      here.run(['apply', '-f', path, '--prune', '--dry-run']),
      here.run(['export', '--kind', 'assignments', '--kind', 'users']),
    ]);
    assert.equal(again.stdout, exported.stdout);
    assert.equal(unchanged.stdout, '0 changes to make; nothing was changed\n');
    assert.doesNotMatch(bare.stdout, /ana@example.com|users:/);
    assert.match(bare.stdout, /subject: group:sales/);
  });

  it('says what differs, and never a secret; with --prune, what goes', async () => {
    const text = readFileSync(everything, 'utf8')
      .replaceAll('orders:write', 'orders:change')
      .replace('shop.example.com/callback', 'shop.example.com/back')
      .replace('    tier: gold\n    state: suspended\n', '')
      .replace('domains: [example.com]\n    state: disabled', 'domains: [example.org]')
      .replace('  - id: gold\n    limits: [{ requests: 600, period: 60 }]\n', '')
      .replace('tiers:', 'tiers: []')
      .replace('  - { group: sales, subject: sync }\n', '')
      .replace('group_members:', 'group_members: []')
      .replace(/ {2}- \{ subject: "user:ana.*\n/, '');
    Object.assign(there.environment, {
      CONNECTION_OFFICE_BIND_PASSWORD: 'another password',
      CLIENT_SHOP_CLIENT_SECRET: 'another-secret-0123456789-abcdefghij',
    });
    const path = file(text);
    const changed = await there.run(['apply', '-f', path, '--prune']);
    assert.equal(changed.status, 0, changed.stderr);
    assert.deepEqual(changed.stdout.split('\n').sort(), [
      '',
      '- assignment orders-reader of ana@example.com',
      '- group member sync in sales',
      '- tier gold',
      '8 changes made',
      '~ api https://api.example.com/orders: permissions + orders:change - orders:write',
      '~ client shop: redirect_uris + https://shop.example.com/back - https://shop.example.com/callback; client_secret set',
      '~ client sync: state suspended → approved; tier - gold',
      '~ connection office: domains + example.org - example.com; bind_password set',
      '~ role orders-editor: permissions + https://api.example.com/orders#orders:change - https://api.example.com/orders#orders:write',
    ]);
    assert.equal((await there.run(['apply', '-f', path, '--prune'])).stdout, 'Nothing to change\n');
  });

  it('changes nothing for what is wrong (2), and says where it failed (1)', async () => {
    const odd = 'apis:\n  - id: urn:odd\nroles:\n  - id: odd\n    permission: [a]\nthings: []\n';
    const late = 'apis:\n  - id: urn:late\nroles:\n  - id: late\n    permissions: ["urn:nowhere#x"]\n';
    const [wrong, failed] = await Promise.all([
      here.run(['apply', '-f', file(odd)]),
      here.run(['apply', '-f', file(late)]),
    ]);
    assert.deepEqual([wrong.status, failed.status], [2, 1]);
    assert.match(wrong.stderr, /files.yaml:5: role: permission cannot be set here; leave it out\n/);
    assert.match(wrong.stderr, /files.yaml:6: things is no kind; there are apis, roles/);
    assert.equal(failed.stdout, '+ api urn:late\n');
    assert.match(failed.stderr, /\+ role late: There is no API urn:nowhere.* 1 of 2 changes were done before/);
    const { stdout: apis } = await here.run(['export', '--kind', 'apis']);
    assert.deepEqual([/urn:late/.test(apis), /urn:odd/.test(apis)], [true, false]);
  });
});

describe('sallyport apply --server', () => {
  let app: TestApp;
  before(async () => {
    app = await startApp();
  });
  after(() => app.close());

  it('are applied there by a client, as CI does', async () => {
    const { client_id: id, client_secret: secret } = app.client('demo-admin');
    const ci = await cli({ SALLYPORT_SERVER: app.issuer, SALLYPORT_CLIENT_ID: id, SALLYPORT_CLIENT_SECRET: secret });
    const path = file('roles:\n  - id: orders-reader\n    permissions: []\n');
    assert.match(
      (await ci.run(['apply', '-f', path])).stdout,
      /^~ role orders-reader: permissions - https.*\n1 change made\n$/,
    );
    assert.deepEqual((await app.parts.access.role('orders-reader'))?.permissions, []);
    const saved = await app.parts.trail.search({ type: 'role.saved', target: 'role:orders-reader' });
    assert.ok(saved.some(({ actor }) => actor === 'client:demo-admin'));
    ci.environment.SALLYPORT_CLIENT_SECRET = 'wrong';
    const refused = await ci.run(['export']);
    assert.deepEqual([refused.status, /SALLYPORT_CLIENT_ID no token/.test(refused.stderr)], [1, true]);
    delete ci.environment.SALLYPORT_CLIENT_SECRET;
    assert.equal((await ci.run(['export'])).status, 2);
  });
});
