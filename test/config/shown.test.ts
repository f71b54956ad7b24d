import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { settings } from '../../src/config/settings.ts';
import { shownSettings } from '../../src/config/shown.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-shown-'));
after(() => rmSync(folder, { recursive: true }));

const file = join(folder, 'config.yaml');
writeFileSync(file, 'ttl:\n  code: 45\nmail:\n  from: accounts@x.test\nopsHost: 127.0.0.9\n');
const environment = {
  SALLYPORT_CONFIG: file,
  SALLYPORT_MAIL_URL: 'smtp://mailer:hunter2@mail.inside.test:587',
  SALLYPORT_TRUSTED_PROXIES: '10.1.2.3',
  SALLYPORT_AUDIT_SYSLOG: 'udp://siem.inside.test:514',
  SALLYPORT_TTL_JWT: '120',
  SALLYPORT_MASTER_KEY: Buffer.alloc(32, 9).toString('base64'),
};
const shown = shownSettings(loadConfig(environment));
const named = (name: string) => shown.find((one) => one.name === name);

describe('the settings as they are told', () => {
  it('are all there, with where each comes from', () => {
    assert.equal(shown.length, settings.length);
    const from = (name: string) => [named(name)?.value, named(name)?.from];
    assert.deepEqual(from('ttl.code'), [45, 'file']);
    assert.deepEqual(from('ttl.jwt'), [120, 'environment']);
    assert.deepEqual(from('ttl.idToken'), [3600, 'default']);
    assert.deepEqual(from('mail.from'), ['accounts@x.test', 'file']);
    assert.deepEqual(from('mfa.level'), ['2fa', 'default']);
    assert.deepEqual(from('log.requests'), [true, 'default']);
  });

  it('tell of secrets, hosts, networks and files only whether they are set', () => {
    const set = (name: string) => [named(name)?.value, named(name)?.set];
    for (const name of ['mail.url', 'masterKey', 'store', 'trustedProxies', 'audit.syslog', 'opsHost']) {
      assert.deepEqual(set(name), [undefined, true], name);
    }
    assert.deepEqual(set('internalHosts'), [undefined, false]);
    const values = JSON.stringify(shown.map(({ value }) => value));
    assert.doesNotMatch(values, /hunter2|inside\.test|10\.1\.2\.3|127\.0\.0\.9|sqlite|CQkJ/);
  });

  it('say nothing of where they come from when they were put together by hand', () => {
    const [one] = shownSettings({ ...loadConfig(environment) });
    assert.equal(one && 'from' in one, false);
  });
});
