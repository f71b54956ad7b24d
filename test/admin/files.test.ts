import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
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
import { describing } from '../support/discovery.ts';
import { everything, file, secrets } from '../support/files.ts';
import { makeKeys } from '../support/saml-parts.ts';
import { SamlPeople } from '../support/saml-people.ts';

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

  it('make a SAML connection again of what was exported, without the metadata file that it was made of', async () => {
    await new SamlPeople(app, 'saml', await makeKeys()).connect();
    const kind = kinds.find(({ name }) => name === 'connections');
    const exported = async () =>
      (await kind?.found(desk, { wanted: [], all: true }))?.find(({ key }) => key === 'saml')?.document;
    const before = await exported();
    await app.parts.connections.remove('saml', 'test');
    const text = JSON.stringify({ connections: [before] });
    assert.deepEqual([await applied(text), await applied(text)], [1, 0]);
    assert.deepEqual(await exported(), before);
    const { certificates: _left, ...without } = before ?? {};
    await app.parts.connections.remove('saml', 'test');
    await assert.rejects(applied(JSON.stringify({ connections: [without] })), /It takes the address of the provider/);
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
    await assert.rejects(applied(people, desk, true), /nobody would stay an administrator/);
  });

  it('have something of every kind, and applied again they change nothing', async () => {
    Object.assign(process.env, secrets);
    try {
      const said = readFiles([everything], kinds);
      const changes = await changesFor(desk, said, false);
      assert.deepEqual(new Set(changes.map(({ kind }) => kind)), new Set(kinds));
      await doAll(desk, changes, () => {});
      assert.deepEqual(await changesFor(desk, said, false), []);
    } finally {
      for (const name of Object.keys(secrets)) delete process.env[name];
    }
  });
});
