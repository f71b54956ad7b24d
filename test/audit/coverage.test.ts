import assert from 'node:assert/strict';
import { after, before, describe, it, mock } from 'node:test';
import { isAsked } from '../../src/audit/events.ts';
import type { Recorded } from '../../src/audit/trail.ts';
import { adminApi, adminToken } from '../support/admin.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { deeds, type Row } from '../support/audited-deeds.ts';
import {
  asking,
  connecting,
  enrolling,
  type Place,
  portal,
  proving,
  takingIn,
  tokens,
} from '../support/audited-steps.ts';
import { connect, startProvider } from '../support/federation.ts';
import { withoutTrail } from '../support/no-trail.ts';
import { storeUrl } from '../support/store.ts';

let url: string;
let app: TestApp;
let provider: TestApp;
before(async () => {
  mock.timers.enable({ apis: ['Date'], now: Date.now() });
  url = await storeUrl();
  app = await startApp({
    ...{ SALLYPORT_STORE: url, SALLYPORT_LIMITS_FAILURES_PER_CLIENT_BURST: '3', SALLYPORT_MFA_REMEMBER_DAYS: '7' },
  });
  provider = await startProvider();
  await connect(app, provider);
});
after(async () => {
  await Promise.all([app.close(), provider.close()]);
  mock.timers.reset();
});

/** A place of deeds a while after the last one, so that nothing is told as the same again. */
async function later(): Promise<Place> {
  mock.timers.tick(90_000);
  return { app, provider, api: adminApi(app, await adminToken(app)) };
}

/** What is on the trail since then, in its order. */
async function since(last: string): Promise<Recorded[]> {
  return app.parts.trail.all.find({}, { after: last, limit: 1000 });
}

async function newest(): Promise<string> {
  const [event] = await app.parts.trail.all.find({}, { before: '', limit: 1 });
  return event?.id ?? '';
}

const failures = /\.(refused|failed|slowed|replayed)$/;

/** What a sign-in changes beyond itself. */
const announced = /^(factor\.added|recovery-codes\.made|identity\.linked|user\.provisioned|device\.remembered)$/;

/** What every row says besides its facts. */
function checkRow(told: Recorded[], [type, actor, facts = {}]: Row, asked: readonly Recorded[]): void {
  const index = told.findIndex((one) => one.type === type);
  const [row] = told.splice(index, 1);
  assert.ok(row);
  assert.match(row.actor, actor instanceof RegExp ? actor : new RegExp(`^${actor}$`), type);
  assert.equal(row.outcome, failures.test(type) ? 'failure' : 'success', type);
  assert.equal(new Date(row.at).toISOString(), new Date(Date.now()).toISOString());
  assert.match(row.ip ?? '', /^(::1|127\.0\.0\.1)$/, type);
  assert.match(row.requestId ?? '', /^[\w-]{8,}$/, type);
  const { detail = {} } = row;
  assert.deepEqual(Object.fromEntries(Object.keys(facts).map((name) => [name, detail[name]])), facts, type);
  if (/\.(refused|failed)$/.test(type)) assert.match(String(detail.reason ?? detail.code), /^\w+/, type);
  if (!announced.test(type)) return;
  // It was asked for before, and that row names the client.
  const before = asked.find(({ id, requestId }) => requestId === row.requestId && id < row.id);
  assert.deepEqual([before?.type, before?.detail?.client], ['signin.asked', 'demo-web'], type);
}

describe('every deed that matters', () => {
  it('sec-281 leaves one row with time, actor, client, address, request, outcome and reason', {
    timeout: 120_000,
  }, async () => {
    for (const [name, prepare, rows] of deeds) {
      const deed = await prepare(await later());
      const last = await newest();
      await deed();
      const all = await since(last);
      // What the system does meanwhile, such as sending mail, is none of the deed's.
      const told = all.filter(({ type, actor }) => !isAsked(type) && actor !== 'system');
      const types = rows.map(([type]) => type);
      assert.deepEqual(told.map(({ type }) => String(type)).sort(), types.toSorted(), name);
      for (const row of rows)
        checkRow(
          told,
          row,
          all.filter(({ type }) => isAsked(type)),
        );
    }
    const counted = await app.metrics();
    for (const series of ['introspections_total{result="active"}', 'introspections_total{result="refused"}']) {
      assert.match(counted, new RegExp(`sallyport_${series.replaceAll(/[{}]/g, '\\$&')} [1-9]`));
    }
    assert.match(counted, /tokens_issued_total\{grant="client_credentials",format="opaque"\} [1-9]/);
  });

  it('sec-281 is told once a minute where the same is refused over and over', async () => {
    const at = await later();
    const curious = await portal(at, 'busy');
    const { access_token } = await tokens(at);
    const ask = () => Promise.all(Array.from({ length: 20 }, () => asking(at, access_token, curious)));
    const count = async () => (await app.parts.trail.search({ actor: 'client:busy' })).length;
    await ask();
    assert.equal(await count(), 1);
    mock.timers.tick(61_000);
    await ask();
    assert.equal(await count(), 2);
  });
});

describe('what the server and a sign-in do by themselves', () => {
  it('sec-287 is on the trail before it is done: keys', async () => {
    const all = await app.parts.trail.all.find({}, { limit: 1000 });
    const made = all.filter(({ type, actor }) => type === 'key.created' && actor === 'system');
    assert.equal(made.length, 3);
    for (const { id, target } of made) {
      const asked = all.find(({ type, detail }) => type === 'system.asked' && detail?.on === target);
      assert.ok(asked && asked.id < id && asked.actor === 'system', target);
    }
  });

  it('sec-286 sec-287 is not done without a trail: factors, connected accounts, new people, remembered devices', async () => {
    const { devices, enrolments, identities, users } = app.parts;
    const at = await later();
    const names = ['factor', 'connected', 'taken-in', 'device'].map((name) => `${name}@without.example`);
    const [factor = '', connected = '', takenIn = '', device = ''] = names;
    const deeds = [
      await enrolling(at, factor),
      await connecting(at, connected),
      await takingIn(at, takenIn),
      await proving(at, device, undefined, { remember: 'on' }),
    ];
    const done = async () => {
      const ids = await Promise.all(names.map(async (name) => (await users.byEmail(name))?.id ?? ''));
      return [
        (await enrolments.of(ids[0] ?? '')).length,
        (await identities.ofUser(ids[1] ?? '')).length,
        ids[2] === '' ? 0 : 1,
        (await devices.list(ids[3] ?? '')).length,
      ];
    };
    const back = await withoutTrail(url);
    const answers = await Promise.all(deeds.map((deed) => deed()));
    await back();
    assert.deepEqual(
      answers.map(({ status }) => status),
      [503, 503, 503, 503],
    );
    assert.deepEqual(await done(), [0, 0, 0, 0]);
  });
});
