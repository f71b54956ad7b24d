import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { ConfigProblems } from '../../src/config/problems.ts';
import { reading, settingsFile, wrong } from '../support/settings.ts';

describe('the settings, when all is well', () => {
  it('are complete when nothing is said', () => {
    const { config } = reading('');
    assert.equal(config?.mode, 'development');
    assert.equal(config?.issuer, 'http://localhost:3000');
    assert.equal(config?.host, 'localhost');
    assert.equal(config?.store, 'sqlite:data/sallyport.db');
    assert.equal(config?.masterKey, undefined);
    assert.deepEqual(config?.ttl.refreshToken, { idle: 1_209_600, absolute: 2_592_000, grace: 10 });
    assert.deepEqual(config?.limits.failuresPerClient, { burst: 100, perSecond: 1 });
  });

  it('come from the file', () => {
    const { config } = reading('port: 4000\nttl: { session: { idle: 60 } }\ntrustedProxies: [10.0.0.0/8, "::1"]');
    assert.equal(config?.port, 4000);
    assert.deepEqual(config?.ttl.session, { idle: 60, absolute: 86_400 });
    assert.deepEqual(config?.trustedProxies, ['10.0.0.0/8', '::1']);
  });

  it('are frozen to the bottom', () => {
    const { config } = reading('trustedProxies: [10.0.0.1]');
    assert.ok(config);
    for (const part of [config, config.ttl, config.ttl.session, config.trustedProxies])
      assert.ok(Object.isFrozen(part));
  });

  it('hold the master key as bytes, written in base64 or base64url', () => {
    const key = Buffer.alloc(32, 0xfb);
    for (const text of [key.toString('base64'), key.toString('base64url')]) {
      assert.deepEqual(reading(`masterKey: ${text}`).config?.masterKey, key);
    }
  });

  it('are those of development.yaml, with the demo resources, when no file is named', () => {
    const config = loadConfig({});
    assert.deepEqual(
      config.demo?.clients.map(({ id }) => id),
      ['demo-service', 'demo-web', 'demo-gateway', 'demo-admin'],
    );
    assert.deepEqual(config.demo?.roles[1]?.includes, ['orders-reader']);
    assert.equal(config.demo?.registrars[0]?.approve, 'pending');
    assert.deepEqual(
      config.demo?.users.map(({ roles }) => roles),
      [['orders-editor'], [], ['administrator']],
    );
  });

  it('come from the file that SALLYPORT_CONFIG names', () => {
    assert.equal(loadConfig({ SALLYPORT_CONFIG: settingsFile('port: 4001') }).port, 4001);
  });
});

describe('the settings, when something is wrong', () => {
  const cases: [string, string, RegExp][] = [
    ['a name nobody knows', 'isuer: x', /^isuer: is not a setting; did you mean issuer\?$/],
    [
      'a name nobody knows, further in',
      'ttl: { sesion: 1 }',
      /^ttl\.sesion: is not a setting; did you mean session\?$/,
    ],
    [
      'a name far from every setting',
      'colour: red',
      /^colour: is not a setting: remove it; known here are mode, issuer/,
    ],
    ['a text for a number', 'port: high', /^port: must be a number$/],
    ['a number with a fraction', 'port: 80.5', /^port: must be a whole number$/],
    ['a number for a text', 'store: 5', /^store: must be a text/],
    ['a number out of bounds', 'port: 65536', /^port: must be at most 65535$/],
    ['a life of no time', 'ttl: { code: 0 }', /^ttl\.code: must be at least 5$/],
    ['a word that is none of the words', 'log: { level: loud }', /^log\.level: must be trace or debug or/],
    ['a word for a switch', 'opsPublic: "yes"', /^opsPublic: must be true or false$/],
    ['a value for a group', 'ttl: 5', /^ttl: must be a group of settings$/],
    ['a line without a value', 'issuer:', /^issuer: is empty: give it a value or remove the line$/],
    ['a text for a list', 'trustedProxies: 10.0.0.1', /^trustedProxies: must be a list$/],
    [
      'a range with too many bits',
      'trustedProxies: [10.0.0.0/33]',
      /^trustedProxies\.0: must be an address or a CIDR range/,
    ],
    ['a range with too many bits (IPv6)', 'trustedProxies: ["::1/129"]', /^trustedProxies\.0: must be an address or/],
    ['a name for an address', 'trustedProxies: [10.0.0.1, proxy]', /^trustedProxies\.1: must be an address or/],
    ['an address that is none', 'trustedProxies: [10.0.1]', /^trustedProxies\.0: must be an address or/],
    ['a range without bits', 'trustedProxies: ["10.0.0.0/"]', /^trustedProxies\.0: must be an address or/],
    ['an issuer with a path', 'issuer: https://a.example/b', /^issuer: must be an https URL without path, query/],
    ['an issuer with a final slash', 'issuer: https://a.example/', /^issuer: must be an https URL without/],
    ['an issuer with a query', 'issuer: https://a.example?b', /^issuer: must be an https URL without/],
    ['an issuer with a name in it', 'issuer: https://a:b@a.example', /^issuer: must be an https URL without/],
    ['an issuer of another scheme', 'issuer: ftp://a.example', /^issuer: must be an https URL without/],
    ['an issuer that is no URL', 'issuer: a.example', /^issuer: must be an https URL without/],
    ['a store that is none', 'store: postgres://h/d', /^store: must be sqlite:PATH, memory: or mongodb:/],
    ['a key that is too short', 'masterKey: c2hvcnQ=', /^masterKey: must be 32 bytes in base64/],
    ['a URL for a host', 'host: http://a.example', /^host: must be a host name or an address/],
    [
      'a header that is none',
      'clientCertificateHeader: "a b"',
      /^clientCertificateHeader: must be the name of a header/,
    ],
    ['one port for two listeners', 'port: 9090', /^opsPort: must differ from port/],
    [
      'a session idle for longer than it lives',
      'ttl: { session: { idle: 90000 } }',
      /^ttl\.session\.idle: must not be longer/,
    ],
    [
      'a demo client without a name',
      'demo: { clients: [{ id: a, metadata: {} }] }',
      /^demo\.clients\.0\.name: is missing$/,
    ],
    [
      'a demo client that introspects what is no list',
      'demo: { clients: [{ id: a, name: A, metadata: {}, introspects: 5 }] }',
      /introspects: must be all, or a list$/,
    ],
    [
      'a demo user without an address',
      'demo: { users: [{ email: alice }] }',
      /^demo\.users\.0\.email: must be an e-mail address$/,
    ],
  ];
  for (const [name, yaml, expected] of cases) {
    it(`say so of ${name}`, () => {
      const found = wrong(yaml);
      assert.equal(found.length, 1, found.join('\n'));
      assert.match(found[0] ?? '', expected);
    });
  }

  it('say everything at once, what the rules have to say too', () => {
    const yaml =
      'mode: production\nport: x\nfoo: 1\nlog: { level: loud, requsts: true }\ndemo: { clients: 5 }\nstore: "memory:"';
    const paths = reading(yaml).problems.map(({ path }) => path);
    assert.deepEqual(paths.sort(), [
      ...['demo', 'demo.clients', 'foo', 'issuer', 'issuer', 'log.level', 'log.requsts', 'masterKey', 'port', 'store'],
    ]);
  });

  it('say where the YAML breaks, once for each place, and nothing about what it might have said', () => {
    const { problems, file } = reading('port: 1\nissuer: [a\nfoo: {');
    assert.deepEqual(
      problems.map(({ path }) => path),
      [`${file}:3:1`, `${file}:3:7`],
    );
    assert.match(problems[0]?.sentence ?? '', /^is not YAML: /);
  });

  it('say so of a name that stands twice', () => {
    assert.match(wrong('port: 1\nport: 2')[0] ?? '', /:2:1: is not YAML: Map keys must be unique/);
  });

  it('say so of a file that holds a list, or a word', () => {
    for (const yaml of ['- port', 'port']) assert.match(wrong(yaml)[0] ?? '', /must hold names with values/);
  });

  it('say so of a named file that is not there', () => {
    assert.throws(
      () => loadConfig({ SALLYPORT_CONFIG: '/nowhere/settings.yaml' }),
      (error) =>
        error instanceof ConfigProblems && /^\/nowhere\/settings\.yaml: cannot be read \(ENOENT\)/.test(error.message),
    );
  });

  it('never quote a value', () => {
    const secret = 'hunter2-hunter2';
    const yaml = `issuer: https://u:${secret}@a.example\nstore: ${secret}\nmasterKey: ${secret}\nport: ${secret}\nttl: ${secret}\ntrustedProxies: [${secret}]`;
    const found = wrong(yaml, { SALLYPORT_OPS_PORT: secret, SALLYPORT_MASTER_KEY_FILE: `/nowhere/${secret}` });
    assert.equal(found.length, 8);
    assert.doesNotMatch(found.join('\n'), new RegExp(secret));
    for (const broken of [`masterKey: *${secret}`, `"${secret}" x: 1`, `port: 1\n@${secret}`, `a: "${secret}`]) {
      assert.doesNotMatch(wrong(broken)[0]?.replace(/^\S+/, '') ?? '', new RegExp(secret));
    }
  });
});
