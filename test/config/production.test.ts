import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reading } from '../support/settings.ts';

const fit = {
  NODE_ENV: 'production',
  SALLYPORT_ISSUER: 'https://id.example.com',
  SALLYPORT_MASTER_KEY: Buffer.from('an 0123456789 ABCDEFGHIJKLMNOPQR').toString('base64'),
  SALLYPORT_TRUSTED_PROXIES: '10.0.0.0/8',
  SALLYPORT_MAIL_URL: 'smtp://mail.example.com',
};

describe('production', () => {
  it('starts on what is fit for it, and listens to all', () => {
    const { config, problems, remarks } = reading('', fit);
    assert.deepEqual([problems, remarks], [[], []]);
    assert.equal(config?.mode, 'production');
    assert.equal(config?.host, '0.0.0.0');
  });

  const cases: [string, string, Record<string, string>, string, RegExp][] = [
    ['an http issuer', '', { SALLYPORT_ISSUER: 'http://id.example.com' }, 'issuer', /https URL in production/],
    ['a local issuer', '', { SALLYPORT_ISSUER: 'https://localhost' }, 'issuer', /must not be this machine/],
    ['a local issuer by address', '', { SALLYPORT_ISSUER: 'https://127.0.0.2' }, 'issuer', /must not be this machine/],
    ['a local issuer by IPv6 address', '', { SALLYPORT_ISSUER: 'https://[::1]' }, 'issuer', /must not be this machine/],
    ['no master key', '', { SALLYPORT_MASTER_KEY: '' }, 'masterKey', /none is made for you/],
    [
      'a key of zeros',
      '',
      { SALLYPORT_MASTER_KEY: Buffer.alloc(32).toString('base64') },
      'masterKey',
      /not look random/,
    ],
    ['demo resources', 'demo: {}', {}, 'demo', /must not be there in production/],
    ['a store in memory', '', { SALLYPORT_STORE: 'memory:' }, 'store', /must not be memory:/],
    [
      'everybody as a trusted proxy',
      '',
      { SALLYPORT_TRUSTED_PROXIES: '0.0.0.0/0' },
      'trustedProxies',
      /list the proxies/,
    ],
    ['health and metrics for all', '', { SALLYPORT_OPS_HOST: '0.0.0.0' }, 'opsHost', /opsPublic: true/],
    ['health and metrics in public', '', { SALLYPORT_OPS_HOST: '192.0.2.1' }, 'opsHost', /opsPublic: true/],
  ];
  for (const [name, yaml, environment, path, sentence] of cases) {
    it(`refuses ${name}, and says what to do`, () => {
      const { config, problems } = reading(yaml, { ...fit, ...environment });
      assert.equal(config, undefined);
      assert.equal(problems.length, 1, JSON.stringify(problems));
      assert.equal(problems[0]?.path, path);
      assert.match(problems[0]?.sentence ?? '', sentence);
    });
  }

  it('shows health and metrics on a private address, or on any when that is said', () => {
    assert.ok(reading('', { ...fit, SALLYPORT_OPS_HOST: '10.1.2.3' }).config);
    assert.ok(reading('', { ...fit, SALLYPORT_OPS_HOST: '0.0.0.0', SALLYPORT_OPS_PUBLIC: 'true' }).config);
  });

  it('names every development default at once', () => {
    const { problems } = reading('demo: {}\nstore: "memory:"', { NODE_ENV: 'production' });
    assert.deepEqual([...new Set(problems.map(({ path }) => path))].sort(), ['demo', 'issuer', 'masterKey', 'store']);
  });

  it('starts without a mail server, and says what people then miss', () => {
    const { config, remarks } = reading('', { ...fit, SALLYPORT_MAIL_URL: '' });
    assert.ok(config);
    assert.deepEqual(
      remarks.map(({ path }) => path),
      ['mail.url'],
    );
    assert.match(remarks[0]?.sentence ?? '', /nobody can reset a forgotten one/);
    assert.deepEqual(reading('', {}).remarks, []);
  });

  it('is remarked on where nobody could reach it', () => {
    const { remarks } = reading('', { ...fit, SALLYPORT_TRUSTED_PROXIES: '', SALLYPORT_HOST: '127.0.0.1' });
    assert.deepEqual(
      remarks.map(({ path }) => path),
      ['trustedProxies', 'host'],
    );
    assert.deepEqual(
      reading('', { ...fit, SALLYPORT_HOST: '127.0.0.1', SALLYPORT_TRUSTED_PROXIES: '::1' }).remarks,
      [],
    );
  });
});
