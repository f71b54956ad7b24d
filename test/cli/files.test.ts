import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { adminRooms } from '../../src/admin-rooms.ts';
import { type Ask, Desk } from '../../src/commands/desk.ts';
import { doAll } from '../../src/commands/files/doing.ts';
import { kinds } from '../../src/commands/files/kinds.ts';
import { changesFor } from '../../src/commands/files/looking.ts';
import { line } from '../../src/commands/files/plan.ts';
import { readFiles } from '../../src/commands/files/reading.ts';
import { loadConfig } from '../../src/config/load.ts';
import { adminPermissions } from '../../src/directory/built-in.ts';
import { Calls } from '../../src/http/calls.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { type Cli, cli } from '../support/cli.ts';
import { describing } from '../support/discovery.ts';
import { temporaryPath } from '../support/temporary.ts';

const everything = join(import.meta.dirname, '../fixtures/files/everything.yaml');
const secrets = {
  CONNECTION_OFFICE_BIND_PASSWORD: 'the password of the reader',
  CLIENT_SHOP_CLIENT_SECRET: 'made-elsewhere-0123456789-abcdefghij',
};

/** A file with this text. */
function file(text: string): string {
  const path = temporaryPath('files.yaml');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

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

describe('files', () => {
  it('are refused with everything that is wrong, each in its place, and no secret in them', () => {
    const folder = dirname(file(''));
    mkdirSync(join(folder, 'empty'));
    const cases: [text: string, problems: RegExp][] = [
      ['', /says nothing/],
      ['- a', /must hold kinds with lists/],
      ['apis: {}', /:1: apis must be a list/],
      ['apis: [', /:1: is not YAML/],
      ['roles:\n  - id: a\n  - id: b\n  - id: a', /:4: the role a stands at .*:2 already/],
      [
        'clients:\n  - client_id: a\n    client_secret: s3cret',
        /^.*:3: client: client_secret must be env:NAME or file:PATH/,
      ],
      [
        'clients:\n  - client_id: a\n    client_secret: env:NOT_SET',
        /:3: client: client_secret refers to the variable NOT_SET/,
      ],
      [
        'apis:\n  - id: a\n    permissions:\n      - 1\n      - b\ngroups: [3]',
        /:4: api: permissions.0 must be a text\n.*:6: group:/,
      ],
    ];
    for (const [text, problems] of cases) {
      assert.throws(
        () => readFiles([file(text)], kinds),
        (error: Error) => {
          assert.match(error.message, problems, text);
          assert.doesNotMatch(error.message, /s3cret/);
          return true;
        },
      );
    }
    assert.throws(() => readFiles([join(folder, 'empty')], kinds), /has no \*\.yaml in it/);
  });
});

describe('files at a server', () => {
  let app: TestApp;
  let desk: Desk;
  let calls: Calls;
  const operator = { actor: 'cli', permissions: new Set(adminPermissions) };
  before(async () => {
    app = await startApp();
    calls = new Calls(adminRooms(loadConfig({ SALLYPORT_STORE: 'memory:', SALLYPORT_ISSUER: app.issuer }), app.parts));
    desk = new Desk((name, given) => calls.run(operator, name, given));
  });
  after(() => app.close());

  const lines = async (text: string, prune = false, self?: string) =>
    (await changesFor(desk, readFiles([file(text)], kinds), prune, self)).map(line);
  const applied = async (text: string, at = desk, prune = false) => {
    const changes = await changesFor(at, readFiles([file(text)], kinds), prune);
    await doAll(at, changes, () => {});
    return changes.length;
  };

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

  it('are refused where somebody else changes the same, however late', async () => {
    const wish = (name: string) => `tiers:\n  - id: t\n    limits: [{ requests: ${name}, period: 60 }]\n`;
    const meddle = (requests: number) =>
      calls.run(operator, 'changeTier', { params: { id: 't' }, body: { limits: [{ requests, period: 60 }] } });
    await applied(wish('1'));
    const seen = await changesFor(desk, readFiles([file(wish('2'))], kinds), false);
    await meddle(3);
    await assert.rejects(
      doAll(desk, seen, () => {}),
      /~ tier t: limits.*: somebody has changed it since it was looked at/,
    );
    const between: Ask = async (name, given) => {
      if (name === 'changeTier') await meddle(4);
      return calls.run(operator, name, given);
    };
    await assert.rejects(applied(wish('5'), new Desk(between)), /Somebody has changed this meanwhile/);
    assert.equal(await applied(wish('5')), 1);
    assert.equal(await applied(wish('5')), 0);
  });

  it('know providers by where they describe themselves, and by descriptions in other files', async () => {
    const provider = await describing();
    process.env.FILES_TEST_SECRET = 'the secret of us';
    const description = file(await (await fetch(`${provider.url}/.well-known/openid-configuration`)).text());
    const corp = (id: string, from: string) =>
      `  - id: ${id}\n    preset: generic-oidc\n    ${from}\n    client_id: us\n    client_secret: env:FILES_TEST_SECRET\n`;
    const text = `connections:\n${corp('corp', `from: ${provider.url}`)}${corp('still', `from: file:${description}`)}`;
    try {
      assert.equal(await applied(text), 2);
      assert.equal(await applied(text), 0);
      const kind = kinds.find(({ name }) => name === 'connections');
      const found = (await kind?.found(desk, { wanted: [], all: true })) ?? [];
      const [address, described] = found.map(({ document }) => document);
      assert.deepEqual([address?.from, address?.issuer, described?.issuer], [provider.url, undefined, undefined]);
      assert.deepEqual(JSON.parse(String(described?.metadata)), JSON.parse(readFileSync(description, 'utf8')));
      process.env.FILES_TEST_SECRET = 'another secret of us';
      assert.deepEqual(await lines(text), [
        '~ connection corp: client_secret set',
        '~ connection still: client_secret set',
      ]);
    } finally {
      delete process.env.FILES_TEST_SECRET;
      provider.close();
    }
  });

  it('remove nothing that is not theirs, and never the last administrator', async () => {
    const { client } = await app.parts.clients.add(
      { id: 'dynamic', metadata: { grant_types: [] }, registrar: 'r' },
      'test',
    );
    assert.deepEqual(await lines('clients: []', true, 'demo-admin'), [
      '- client demo-web',
      '- client demo-service',
      '- client demo-gateway',
    ]);
    assert.deepEqual(await lines('apis: []\nusers: []', true), ['- api https://api.example.test/orders']);
    const spared = await lines('assignments: []', true, 'demo-admin');
    assert.deepEqual(spared, ['- assignment orders-reader of demo-service']);
    await assert.rejects(
      lines(`clients:\n  - client_id: ${client.id}`),
      /was registered by r, who looks after it; leave it out/,
    );
    await assert.rejects(lines('roles:\n  - id: administrator'), /belongs to this server itself/);
    const people = 'users:\n  - email: admin@example.test\nassignments: []\n';
    await assert.rejects(applied(people, desk, true), /no person would be an administrator any more/);
  });
});
