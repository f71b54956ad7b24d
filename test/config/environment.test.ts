import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reading, settingsFile, wrong } from '../support/settings.ts';

const key = Buffer.from('0123456789abcdef0123456789abcdef');

describe('the environment', () => {
  it('wins over the file', () => {
    const { config } = reading('port: 4000\nissuer: http://localhost:4000', { SALLYPORT_PORT: '4001' });
    assert.equal(config?.port, 4001);
    assert.equal(config?.issuer, 'http://localhost:4000');
  });

  it('reaches settings in groups, with or without the group in the file', () => {
    const environment = { SALLYPORT_TTL_SESSION_IDLE: '60', SALLYPORT_LIMITS_FAILURES_PER_CLIENT_PER_SECOND: '0.5' };
    const { config } = reading('ttl: { code: 30 }', environment);
    assert.equal(config?.ttl.code, 30);
    assert.equal(config?.ttl.session.idle, 60);
    assert.equal(config?.limits.failuresPerClient.perSecond, 0.5);
  });

  it('says nothing with an empty variable', () => {
    assert.equal(reading('port: 4000', { SALLYPORT_PORT: '' }).config?.port, 4000);
  });

  it('separates lists by commas and spaces', () => {
    const { config } = reading('', { SALLYPORT_TRUSTED_PROXIES: '10.0.0.0/8, 192.0.2.1 2001:db8::/32' });
    assert.deepEqual(config?.trustedProxies, ['10.0.0.0/8', '192.0.2.1', '2001:db8::/32']);
  });

  it('spells switches as true, false, 1 and 0', () => {
    const read = (text: string) => reading('', { SALLYPORT_OPS_PUBLIC: text }).config?.opsPublic;
    assert.deepEqual(['true', 'false', '1', '0'].map(read), [true, false, true, false]);
    assert.deepEqual(wrong('', { SALLYPORT_OPS_PUBLIC: 'maybe' }), ['opsPublic: must be true or false']);
  });

  it('is named beside each problem, whatever the value came from', () => {
    const { problems } = reading('store: 5\nttl: { code: 1 }', { SALLYPORT_PORT: 'x' });
    assert.deepEqual(Object.fromEntries(problems.map(({ path, variable }) => [path, variable])), {
      store: 'SALLYPORT_STORE or SALLYPORT_STORE_FILE',
      'ttl.code': 'SALLYPORT_TTL_CODE',
      port: 'SALLYPORT_PORT',
    });
  });

  it('takes secrets from files', () => {
    const environment = {
      SALLYPORT_MASTER_KEY_FILE: settingsFile(`${key.toString('base64')}\n`),
      SALLYPORT_STORE_FILE: settingsFile('mongodb://mongo/sallyport\n'),
    };
    const { config } = reading('', environment);
    assert.deepEqual(config?.masterKey, key);
    assert.equal(config?.store, 'mongodb://mongo/sallyport');
  });

  it('refuses a secret that is given twice, and a file that is not there', () => {
    const twice = { SALLYPORT_MASTER_KEY: 'x', SALLYPORT_MASTER_KEY_FILE: '/nowhere' };
    assert.deepEqual(wrong('', twice), [
      'masterKey: is set twice: remove SALLYPORT_MASTER_KEY or SALLYPORT_MASTER_KEY_FILE',
    ]);
    assert.match(
      wrong('', { SALLYPORT_MASTER_KEY_FILE: '/nowhere' })[0] ?? '',
      /names a file that cannot be read \(ENOENT\)/,
    );
  });

  it('explains the port that Kubernetes sets for a service of this name', () => {
    assert.match(wrong('', { SALLYPORT_PORT: 'tcp://10.0.0.1:80' })[0] ?? '', /enableServiceLinks: false/);
  });

  it('can demand production but not lift it', () => {
    assert.equal(reading('mode: development', { NODE_ENV: 'production' }).problems[0]?.path, 'issuer');
    assert.equal(reading('mode: production', { NODE_ENV: 'development' }).problems[0]?.path, 'issuer');
    assert.equal(reading('', { NODE_ENV: 'test' }).config?.mode, 'development');
  });

  it('remarks on variables that set nothing, and leaves those of others alone', () => {
    const others = { SALLYPORT_TEST_STORE: 'x', SALLYPORT_SERVICE_HOST: 'x', SALLYPORT_PORT_3000_TCP: 'x', HOME: 'x' };
    const { remarks } = reading('', { ...others, SALLYPORT_ISUER: 'x' });
    assert.deepEqual(
      remarks.map(({ path }) => path),
      ['SALLYPORT_ISUER'],
    );
  });
});
