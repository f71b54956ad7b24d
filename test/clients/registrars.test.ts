import assert from 'node:assert/strict';
import { after, before, describe, it, mock } from 'node:test';
import type { NewRegistrar } from '../../src/clients/registrars.ts';
import { openParts, type Parts, refusal } from '../support/parts.ts';

describe('registrars', () => {
  let parts: Parts;
  before(async () => {
    parts = await openParts();
  });
  after(() => parts.close());

  it('have a credential that is shown once and kept as a fingerprint', async () => {
    const { registrar, token } = await parts.registrars.add({ id: 'anypoint' }, 'cli');
    assert.match(token, /^[A-Za-z0-9_-]{43}$/);
    assert.equal((await parts.registrars.byToken(token))?.id, 'anypoint');
    assert.equal(await parts.registrars.byToken(`${token}x`), undefined);
    assert.equal(await parts.registrars.byToken(registrar.fingerprint), undefined);
    assert.doesNotMatch(JSON.stringify(await parts.registrars.get('anypoint')), new RegExp(token));
    await assert.rejects(parts.registrars.add({ id: 'anypoint' }, 'cli'), refusal('taken', /registrar anypoint/));
  });

  it('wait for approval, ask for PKCE and end after a year unless it is said otherwise', async () => {
    const { registrar } = await parts.registrars.add({ id: 'usual' }, 'cli');
    const { approve, pkce, limit, expires = 0, created } = registrar;
    assert.deepEqual({ approve, pkce, limit }, { approve: 'pending', pkce: 'required', limit: 1000 });
    assert.equal(expires - created, 365 * 86_400);
  });

  it('count no more once they expire, are removed, or have a new credential', async () => {
    mock.timers.enable({ apis: ['Date'], now: Date.now() });
    try {
      const expires = Math.floor(Date.now() / 1000) + 60;
      const { token } = await parts.registrars.add({ id: 'short', expires }, 'cli');
      mock.timers.tick(59_000);
      assert.equal((await parts.registrars.byToken(token))?.id, 'short');
      mock.timers.tick(1000);
      assert.equal(await parts.registrars.byToken(token), undefined);
      const { token: fresh } = await parts.registrars.rotateToken('short', 'cli');
      assert.equal(await parts.registrars.byToken(token), undefined);
      assert.equal((await parts.registrars.byToken(fresh))?.id, 'short');
      await parts.registrars.remove('short', 'cli');
      assert.equal(await parts.registrars.byToken(fresh), undefined);
    } finally {
      mock.timers.reset();
    }
  });

  it('change their terms', async () => {
    const { token } = await parts.registrars.add({ id: 'changing' }, 'cli');
    await parts.registrars.change('changing', { approve: 'at-once', scopes: ['orders:read'] }, 'cli');
    const registrar = await parts.registrars.byToken(token);
    assert.deepEqual([registrar?.approve, registrar?.scopes], ['at-once', ['orders:read']]);
    await assert.rejects(parts.registrars.change('nobody', {}, 'cli'), refusal('missing'));
  });

  const flaws: [string, NewRegistrar, RegExp][] = [
    ['a name with a colon', { id: 'client:x' }, /name of a registrar/],
    ['an unknown grant', { id: 'x', grants: ['password'] }, /password is not a grant/],
    ['a scope with a space', { id: 'x', scopes: ['a b'] }, /scope value/],
    ['a host with a path', { id: 'x', redirectHosts: ['app.example/x'] }, /host such as/],
    ['a wildcard in the middle', { id: 'x', redirectHosts: ['app.*.example'] }, /host such as/],
    ['every host', { id: 'x', redirectHosts: ['*'] }, /host such as/],
    ['no place', { id: 'x', limit: 0 }, /limit/],
  ];
  for (const [what, input, why] of flaws) {
    it(`refuse ${what}`, async () => {
      await assert.rejects(parts.registrars.add(input, 'cli'), refusal('invalid', why));
    });
  }
});
