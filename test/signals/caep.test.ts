import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Unsettling } from '../../src/audit/events.ts';
import { unsettling } from '../../src/audit/events.ts';
import type { UnsettlingEvent } from '../../src/audit/trail.ts';
import { caepEvents, caepOf } from '../../src/signals/caep.ts';
import { signalOf } from '../../src/signals/signal.ts';

const event = (type: Unsettling, more: Partial<UnsettlingEvent> = {}): UnsettlingEvent => ({
  ...{ id: 'e1', at: 5999, type, actor: 'cli', target: 'user:usr_1', outcome: 'success' },
  ...more,
});
const told = (type: Unsettling, more: Partial<UnsettlingEvent> = {}) => caepOf(signalOf(event(type, more)));
const last = (uri = ''): string => uri.slice(uri.lastIndexOf('/') + 1);

describe('what a signal is told as in CAEP', () => {
  const rows: [Unsettling, string, Partial<UnsettlingEvent>?, object?][] = [
    ['user.signed-out', 'session-revoked'],
    ['user.disabled', 'session-revoked'],
    ['user.removed', 'session-revoked'],
    ['client.suspended', 'session-revoked', { target: 'client:c' }],
    ['client.revoked', 'session-revoked', { target: 'client:c' }],
    ['client.removed', 'session-revoked', { target: 'client:c' }],
    ['role.assigned', 'token-claims-change'],
    ['role.unassigned', 'token-claims-change', { target: 'client:c' }],
    ['group.joined', 'token-claims-change'],
    ['group.left', 'token-claims-change'],
    ['user.password-changed', 'credential-change', {}, { credential_type: 'password', change_type: 'update' }],
    ['user.password-reset', 'credential-change', {}, { credential_type: 'password', change_type: 'update' }],
    [
      'factor.added',
      'credential-change',
      { detail: { kind: 'totp' } },
      { credential_type: 'app', change_type: 'create' },
    ],
    [
      'factor.removed',
      'credential-change',
      { detail: { kind: 'webauthn' } },
      { credential_type: 'fido2', change_type: 'revoke' },
    ],
    ['factors.reset', 'credential-change', {}, { credential_type: 'factor', change_type: 'revoke' }],
  ];
  for (const [type, name, more = {}, members = {}] of rows) {
    it(`${type} is ${name}`, () => {
      const caep = told(type, more);
      assert.ok(caep);
      const { reason_admin, ...rest } = caep.members;
      assert.deepEqual(
        [last(caep.uri), caep.sub, rest],
        [
          name,
          more.target === undefined ? 'usr_1' : 'c',
          { event_timestamp: 5, initiating_entity: 'admin', ...members },
        ],
      );
      assert.match(JSON.stringify(reason_admin), /^\{"en":"[A-Z][a-z ]+"\}$/);
    });
  }

  it('nothing where CAEP has no true word, or nobody is named', () => {
    const known = new Set(rows.map(([type]) => type));
    for (const type of unsettling) if (!known.has(type)) assert.equal(told(type), undefined, type);
    assert.equal(told('role.assigned', { target: 'group:g' }), undefined);
  });

  it('the claims that may be others, and who began it', () => {
    assert.deepEqual(told('role.assigned')?.claims, ['roles']);
    assert.deepEqual(told('group.left')?.claims, ['roles', 'groups']);
    assert.equal(told('user.disabled')?.claims, undefined);
    const own = told('user.password-changed', { actor: 'user:usr_1' });
    assert.equal(own?.members.initiating_entity, 'user');
    assert.equal(told('user.signed-out', { actor: 'connection:okta' })?.members.initiating_entity, 'system');
    assert.equal(new Set(caepEvents).size, 3);
  });
});
