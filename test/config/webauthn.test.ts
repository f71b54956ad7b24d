import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';

describe('the settings of security keys', () => {
  const load = (environment: Record<string, string>) => loadConfig({ SALLYPORT_STORE: 'memory:', ...environment });

  it('take every security key, unless a list is wanted, and then want its file', () => {
    assert.deepEqual(load({}).webauthn, { attestation: 'none' });
    assert.throws(() => load({ SALLYPORT_WEBAUTHN_ATTESTATION: 'mds' }), /webauthn\.mdsFile.*is missing/s);
    assert.deepEqual(
      load({ SALLYPORT_WEBAUTHN_ATTESTATION: 'mds', SALLYPORT_WEBAUTHN_MDS_FILE: '/etc/mds.jwt' }).webauthn,
      { attestation: 'mds', mdsFile: '/etc/mds.jwt' },
    );
  });
});
