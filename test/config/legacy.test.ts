import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reading } from '../support/settings.ts';

const paths = (list: readonly { path: string }[]) => list.map(({ path }) => path);

describe('answers for old gateway policies', () => {
  it('are all off, and nothing is said of them', () => {
    const { config, remarks } = reading('', {});
    assert.deepEqual(config?.legacy, { validate: false, validateBearer: false, tokeninfo: false, from: [] });
    assert.deepEqual(remarks, []);
  });

  for (const name of ['validate', 'tokeninfo']) {
    it(`need the addresses of the gateways where nobody is asked who it is: ${name}`, () => {
      const { problems } = reading(`legacy: { ${name}: true }`, {});
      assert.deepEqual(paths(problems), ['legacy.from']);
      assert.match(problems[0]?.sentence ?? '', /have to be listed/);
      const { problems: all } = reading(`legacy: { ${name}: true, from: ['0.0.0.0/0'] }`, {});
      assert.match(all[0]?.sentence ?? '', /list the gateways/);
      assert.deepEqual(paths(reading(`legacy: { ${name}: true, from: [gateway] }`, {}).problems), ['legacy.from.0']);
    });
  }

  it('are remarked on by name, with what they open', () => {
    const on = {
      SALLYPORT_LEGACY_VALIDATE: 'true',
      SALLYPORT_LEGACY_TOKENINFO: 'true',
      SALLYPORT_LEGACY_FROM: '10.0.0.0/8',
    };
    const { config, remarks } = reading('legacy: { validateBearer: true }', on);
    assert.ok(config);
    assert.deepEqual(paths(remarks), ['legacy.validate', 'legacy.tokeninfo', 'legacy.validateBearer']);
    for (const [index, place] of ['/validate', '/oauth2/tokeninfo', '/as/token.oauth2'].entries()) {
      assert.ok(remarks[index]?.sentence.includes(place));
    }
  });

  it('are allowed for PingFederate without addresses, since the gateway proves who it is', () => {
    assert.ok(reading('legacy: { validateBearer: true }', {}).config);
  });
});
