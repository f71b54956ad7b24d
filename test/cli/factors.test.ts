import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Cli, cli } from '../support/cli.ts';
import { openParts, type Parts } from '../support/parts.ts';
import { codeOf } from '../support/totp.ts';

const email = 'ada@example.com';
const seen = { ip: '192.0.2.1', requestId: 'r-1' };

let sallyport: Cli;
let parts: Parts;
let id: string;
before(async () => {
  sallyport = await cli({ SALLYPORT_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') });
  await sallyport.run(['user', 'add', email]);
  parts = await openParts(sallyport.environment.SALLYPORT_STORE);
  id = (await parts.users.byEmail(email))?.id ?? '';
});
after(() => parts.close());

/** Ada sets up an authenticator app, and ten recovery codes. */
async function enrol(): Promise<string> {
  const place = { person: { id, name: email }, binding: 'session x' };
  const { secret } = await parts.enrolments.offer('totp', place);
  const accepted = await parts.enrolments.accept('totp', place, {
    answer: { code: codeOf(secret) },
    name: 'Phone',
    seen,
  });
  assert.ok(accepted.ok);
  await parts.enrolments.renewRecoveryCodes({ id }, seen);
  return accepted.factor.id;
}

const kinds = async () => (await parts.enrolments.of(id)).map(({ kind }) => kind);

describe('sallyport factor', () => {
  it('lists what a person has, without a secret', async () => {
    assert.deepEqual(await sallyport.json(['factor', 'list', email]), []);
    const factor = await enrol();
    const [app, codes, ...rest] = await sallyport.json<Record<string, unknown>[]>(['factor', 'list', email]);
    const { created, ...shown } = app ?? {};
    const facts = { id: factor, kind: 'totp', name: 'Phone', level: '2fa', passkey: false, blocked: false };
    assert.deepEqual(shown, { ...facts, ...(shown.used === undefined ? {} : { used: shown.used }) });
    assert.equal(typeof created, 'number');
    assert.deepEqual([codes?.kind, codes?.left, rest], ['recovery-codes', 10, []]);
    const { stdout } = await sallyport.run(['factor', 'list', email]);
    assert.match(stdout, /^ID +KIND +NAME +LEVEL/);
    assert.match(stdout, /totp +Phone +2fa/);
  });

  it('removes one for a reason that the trail keeps', async () => {
    const [app] = await parts.enrolments.of(id);
    const remove = ['factor', 'remove', email, app?.id ?? ''];
    const silent = await sallyport.run(remove);
    assert.deepEqual([silent.status, silent.stdout], [2, '']);
    assert.match(silent.stderr, /--reason TEXT is missing/);
    const foreign = await sallyport.run(['factor', 'remove', email, 'fac_other', '--reason', 'x']);
    assert.equal(foreign.status, 1);
    assert.equal((await sallyport.run([...remove, '--reason', 'The phone was lost'])).status, 0);
    assert.deepEqual(await kinds(), []);
    const [event] = await parts.trail.search({ type: 'factor.removed' });
    assert.deepEqual(
      [event?.actor, event?.target, event?.detail],
      ['cli', `user:${id}`, { kind: 'totp', name: 'Phone', reason: 'The phone was lost' }],
    );
  });
});

describe('sallyport user reset-factors', () => {
  it('takes factors, recovery codes and remembered devices, and signs the person out', async () => {
    await enrol();
    await parts.devices.remember(id, 'a-browser', { seconds: 3600, name: 'Firefox', seen });
    assert.equal(await parts.devices.recognises(id, 'a-browser'), true);
    const began = Math.floor(Date.now() / 1000);
    const said = await sallyport.json(['user', 'reset-factors', email, '--reason', 'Lost everything']);
    assert.deepEqual([said.id, said.factors, said.devices], [id, 2, 1]);
    assert.deepEqual(await kinds(), []);
    assert.equal(await parts.devices.recognises(id, 'a-browser'), false);
    const other = await openParts(sallyport.environment.SALLYPORT_STORE);
    assert.ok(((await other.users.get(id))?.signedOut ?? 0) > began);
    await other.close();
    const [event] = await parts.trail.search({ type: 'factors.reset' });
    assert.deepEqual([event?.actor, event?.detail], ['cli', { reason: 'Lost everything', count: 2 }]);
  });

  it('wants a reason, and a person', async () => {
    assert.equal((await sallyport.run(['user', 'reset-factors', email])).status, 2);
    const blank = await sallyport.run(['user', 'reset-factors', email, '--reason', ' ']);
    assert.deepEqual([blank.status, blank.stdout], [2, '']);
    assert.equal((await sallyport.run(['user', 'reset-factors', 'eve@example.com', '--reason', 'x'])).status, 1);
  });
});

describe('sallyport user reset-password', () => {
  it('prints a link that is good once, and ends no session before it is used', async () => {
    const before = (await parts.users.get(id))?.signedOut;
    const said = await sallyport.run(['user', 'reset-password', email]);
    assert.deepEqual([said.status, said.stderr], [0, '']);
    assert.match(said.stdout, / 30 minutes\): http:\/\/localhost:3000\/account\/reset\/[\w-]{43}\n/);
    assert.equal((await parts.users.get(id))?.signedOut, before);
    const [event] = await parts.trail.search({ type: 'user.password-reset-asked' });
    assert.deepEqual([event?.actor, event?.target], ['cli', `user:${id}`]);
    assert.doesNotMatch(JSON.stringify(event), /reset\//);
  });

  it('is refused for whoever is disabled or has no password here', async () => {
    await parts.users.provision('usr_there', { email: 'there@example.com', emailVerified: true }, 'corp');
    const there = await sallyport.run(['user', 'reset-password', 'there@example.com']);
    assert.equal(there.status, 1);
    assert.match(there.stderr, /has no password here/);
    await sallyport.run(['user', 'disable', email]);
    const disabled = await sallyport.run(['user', 'reset-password', email]);
    assert.equal(disabled.status, 1);
    assert.match(disabled.stderr, /is disabled/);
  });
});

describe('sallyport user set and remove', () => {
  it('forget remembered devices with the old password, and everything with the person', async () => {
    await sallyport.run(['user', 'enable', email]);
    await enrol();
    await parts.devices.remember(id, 'a-browser', { seconds: 3600, name: 'Firefox', seen });
    await sallyport.run(['user', 'set', email, '--password-stdin'], 'wide-copper-lantern-42\n');
    assert.equal(await parts.devices.recognises(id, 'a-browser'), false);
    assert.equal((await kinds()).length, 2);
    await sallyport.run(['user', 'remove', email]);
    assert.deepEqual(await kinds(), []);
  });
});
