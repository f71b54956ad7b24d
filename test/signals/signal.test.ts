import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { unsettling } from '../../src/audit/events.ts';
import type { UnsettlingEvent } from '../../src/audit/trail.ts';
import { placeOf } from '../../src/signals/feed.ts';
import { audibleTo, type Signal, signalOf, signalTypes } from '../../src/signals/signal.ts';

const event = (type: UnsettlingEvent['type'], more: Partial<UnsettlingEvent> = {}): UnsettlingEvent => ({
  ...{ id: 'e1', at: 5000, type, actor: 'cli', outcome: 'success' },
  ...more,
});

describe('what an event is told as', () => {
  it('is one of the closed list, whatever the event', () => {
    for (const type of unsettling) assert.ok(signalTypes.includes(signalOf(event(type)).type), type);
  });

  const revoked = { client: 'c', kind: 'access token', jti: 'j', subject: 'usr_1', audiences: 'https://a' };
  const rows: [string, UnsettlingEvent, Partial<Signal>][] = [
    [
      'a token',
      event('token.revoked', { detail: revoked }),
      { type: 'token.revoked', jti: 'j', audiences: ['https://a'] },
    ],
    [
      'a refresh token, without its own name',
      event('token.revoked', { detail: { ...revoked, kind: 'refresh token' } }),
      { type: 'grant.revoked', sub: 'usr_1', client: 'c' },
    ],
    ['a replay', event('refresh-token.replayed', { detail: revoked }), { type: 'grant.revoked', sub: 'usr_1' }],
    [
      'a role of a person',
      event('role.unassigned', { target: 'user:usr_1' }),
      { type: 'subject.changed', sub: 'usr_1' },
    ],
    ['a role of a client', event('role.unassigned', { target: 'client:c' }), { type: 'subject.changed', sub: 'c' }],
    ['a role of a group', event('role.unassigned', { target: 'group:g' }), { type: 'access.changed' }],
    ['a disabled person', event('user.disabled', { target: 'user:usr_1' }), { type: 'subject.disabled', sub: 'usr_1' }],
    ['a suspended client', event('client.suspended', { target: 'client:c' }), { type: 'client.ended', client: 'c' }],
    ['an API', event('api.saved', { target: 'api:https://a' }), { type: 'access.changed', audiences: ['https://a'] }],
    [
      'a consent',
      event('consent.withdrawn', { actor: 'user:usr_1', target: 'client:c' }),
      { type: 'grant.revoked', sub: 'usr_1', client: 'c', by: 'user' },
    ],
    [
      'a sign-out by a provider',
      event('session.ended', { actor: 'connection:x', target: 'user:usr_1' }),
      { type: 'session.ended', sub: 'usr_1', by: 'system' },
    ],
    [
      'a new password',
      event('user.password-reset', { actor: 'user:usr_1', target: 'user:usr_1' }),
      { type: 'credentials.changed', credential: { kind: 'password', change: 'update' } },
    ],
  ];
  for (const [name, happened, expected] of rows) {
    it(name, () => assert.deepEqual({ ...signalOf(happened), ...expected }, signalOf(happened)));
  }

  it('is told of an API only to those who may introspect its tokens, and which client a person uses to nobody else', () => {
    const token = signalOf(event('token.revoked', { detail: revoked }));
    assert.equal(audibleTo(token, ['https://b']), undefined);
    assert.deepEqual(audibleTo(token, ['https://a', 'https://b'])?.audiences, ['https://a']);
    const grant = signalOf(event('consent.withdrawn', { actor: 'user:usr_1', target: 'client:c' }));
    assert.equal(audibleTo(grant, ['https://b'])?.client, undefined);
    assert.equal(audibleTo(grant, 'all')?.client, 'c');
  });

  it('is found again by its cursor or by a time', () => {
    assert.equal(placeOf('1700000000'), 1_700_000_000_000);
    assert.equal(placeOf('0lzzzzzzz-0000-AbCdEf12'), Number.parseInt('0lzzzzzzz', 36));
    for (const no of ['', 'x', "1' OR '1'='1", '../../etc']) assert.equal(placeOf(no), undefined);
  });
});
