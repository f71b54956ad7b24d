import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { basic, post } from '../support/oauth.ts';
import { errorSchema, groupSchema, listSchema, pushingOrganization, type ScimClient } from '../support/scim.ts';
import { authorization, introspect, newBrowser, redeem, signInto } from '../support/signing-in.ts';

let app: TestApp;
let okta: ScimClient;
before(async () => {
  app = await startApp();
  okta = await pushingOrganization(app, 'atko', 'atko.example');
});
after(() => app.close());

const events = async (target: string) =>
  (await app.parts.trail.search({ target }, { limit: 100 })).map(({ type, actor }) => `${type} ${actor}`);

/** Okta-SCIM-20-SPEC-Test.json, step by step, and what Okta sends afterwards. */
describe('Okta', () => {
  const userName = 'runscope300@atko.example';
  const headers = { accept: 'application/scim+json', 'accept-charset': 'utf-8', 'user-agent': 'OKTA SCIM Integration' };
  const body = (email: string) =>
    `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"${userName}","name":{"givenName":"Runscope","familyName":"Okta"},"emails":[{"primary":true,"value":"${email}","type":"work"}],"displayName":"Runscope Okta","active":true}`;
  let id = '';

  it('passes its spec test', async () => {
    await okta.send('POST', '/Users', body('first@atko.example').replaceAll(userName, 'first@atko.example'));
    const first = await okta.get('/Users?count=1&startIndex=1', headers);
    const { schemas, itemsPerPage, startIndex, totalResults, Resources } = first.body;
    assert.deepEqual([first.status, schemas, itemsPerPage, startIndex, totalResults], [200, [listSchema], 1, 1, 1]);
    const [one] = Resources;
    assert.ok(one.id && one.name.familyName && one.name.givenName && one.userName && one.active && one.emails[0].value);
    assert.equal((await okta.get(`/Users/${one.id}`, headers)).body.id, one.id);
    assert.equal((await okta.get(`/Users?filter=userName eq "abcdefgh@atko.com"`, headers)).body.totalResults, 0);
    const missing = await okta.get('/Users/010101001010101011001010101011', headers);
    assert.deepEqual([missing.status, missing.body.schemas], [404, [errorSchema]]);
    assert.ok(missing.body.detail);
    const plain = { 'content-type': 'application/json', accept: 'application/scim+json; charset=utf-8' };
    const made = await okta.send('POST', '/Users', body('random@atko.example'), plain);
    id = made.body.id;
    assert.deepEqual([made.status, made.body.active, made.body.userName], [201, true, userName]);
    assert.deepEqual((await okta.get(`/Users/${id}`, headers)).body.name, {
      givenName: 'Runscope',
      familyName: 'Okta',
    });
    assert.equal((await okta.send('POST', '/Users', body(userName), plain)).status, 409);
    const caps = await okta.get(`/Users?filter=userName eq "${userName.toUpperCase()}"`, headers);
    assert.deepEqual([caps.status, caps.body.totalResults], [200, 1]);
    assert.deepEqual((await okta.get('/Groups', headers)).body.Resources, []);
    const refused = await okta.get('/Users', { authorization: 'non-token' });
    assert.deepEqual([refused.status, refused.body.status, refused.body.schemas], [401, '401', [errorSchema]]);
    assert.match(refused.headers.get('www-authenticate') ?? '', /^Bearer/);
    assert.equal((await okta.get('/Users/00919288221112222', headers)).status, 404);
  });

  it('reads a person, changes a part and puts all of it back; a password that comes along is nobody’s', async () => {
    const { body: now } = await okta.get(`/Users/${id}`);
    const next = { ...now, password: '1mz050nq', name: { ...now.name, givenName: 'Another' }, groups: [] };
    const put = await okta.send('PUT', `/Users/${id}`, next);
    assert.equal(put.status, 200, JSON.stringify(put.body));
    assert.deepEqual([put.body.name.givenName, put.body.password], ['Another', undefined]);
    const user = await app.parts.users.get(id);
    assert.deepEqual([user?.profile.given_name, user?.password], ['Another', undefined]);
    const { active: _not, displayName: _gone, ...less } = next;
    const shorter = await okta.send('PUT', `/Users/${id}`, less);
    assert.deepEqual([shorter.body.active, shorter.body.displayName], [true, undefined]);
    assert.equal((await app.parts.users.get(id))?.profile.name, 'Another Okta');
  });

  it('pushes a group with its members, and changes it in its own words', async () => {
    const made = await okta.send('POST', '/Groups', {
      ...{ schemas: [groupSchema], displayName: 'Test SCIMv2' },
      members: [{ value: id, display: userName }],
    });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const path = `/Groups/${made.body.id}`;
    const message = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
    const change = (...Operations: object[]) => okta.send('PATCH', path, { schemas: [message], Operations });
    assert.equal(
      (await change({ op: 'replace', value: { id: made.body.id, displayName: 'Test SCIMv2 0' } })).status,
      204,
    );
    const { body: first } = await okta.get('/Users?filter=userName eq "first@atko.example"');
    const other = first.Resources[0].id;
    await change(
      { op: 'remove', path: `members[value eq "${id}"]` },
      { op: 'add', path: 'members', value: [{ value: other, display: 'first@atko.example' }] },
    );
    const { body } = await okta.get(path);
    assert.deepEqual(
      [body.displayName, body.members.map(({ value }: { value: string }) => value)],
      ['Test SCIMv2 0', [other]],
    );
    await change({ op: 'replace', path: 'members', value: [{ value: id }, { value: other }] });
    assert.equal((await okta.get(path)).body.members.length, 2);
    const put = await okta.send('PUT', path, {
      schemas: [groupSchema],
      displayName: 'Test SCIMv2',
      members: [{ value: id }],
    });
    assert.deepEqual([put.status, put.body.members.length], [200, 1]);
    // The name here stays, since roles are given to it.
    assert.deepEqual(await app.parts.groups.of(`user:${id}`), ['atko:Test-SCIMv2']);
    assert.deepEqual(await app.parts.groups.of(`user:${other}`), []);
  });

  it('ends sessions, tokens and refresh tokens of a person at once, and lets the person in again', async () => {
    await app.parts.users.setPassword(id, 'a lamp beside four rivers', 'cli');
    const browser = newBrowser(app);
    const page = await signInto(
      { ...app, password: () => 'a lamp beside four rivers' },
      browser,
      { scope: 'openid offline_access', prompt: 'consent' },
      'random@atko.example',
    );
    const agreed = page.text.includes('decision') ? await browser.submit(page, { decision: 'allow' }) : page;
    const { access_token: token, refresh_token: refresh } = await redeem(app, agreed);
    assert.equal((await introspect(app, token)).active, true);
    // What was pushed is the person's own too.
    await browser.open('/account');
    const file = await browser.submit(await browser.open('/account/data/download'), {});
    assert.equal(JSON.parse(file.text).pushed.resource.userName, userName);
    const message = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
    const turn = (active: boolean) =>
      okta.send('PATCH', `/Users/${id}`, { schemas: [message], Operations: [{ op: 'replace', value: { active } }] });
    assert.deepEqual([(await turn(false)).body.active], [false]);
    assert.deepEqual(await introspect(app, token), { active: false });
    const form = { grant_type: 'refresh_token', refresh_token: refresh };
    assert.equal(
      (await post(`${app.url}/oauth2/token`, form, basic(app.client('demo-web')))).body.error,
      'invalid_grant',
    );
    assert.deepEqual([(await turn(true)).body.active], [true]);
    assert.equal((await app.parts.users.get(id))?.state, 'active');
    assert.deepEqual(await introspect(app, token), { active: false });
    const back = await browser.open(authorization(app));
    assert.match(back.text, /name="identifier"/);
    const told = await events(`user:${id}`);
    assert.ok(told.includes('user.disabled scim:atko') && told.includes('user.enabled scim:atko'));
    const told2 = (await app.parts.trail.unsettling({ limit: 1000 })).filter(({ target }) => target === `user:${id}`);
    assert.ok(told2.some(({ type }) => type === 'user.disabled'));
  });

  it('does not overrule an administrator here who keeps somebody out', async () => {
    await app.parts.users.disable(id, 'cli');
    const { body: now } = await okta.get(`/Users/${id}`);
    const put = await okta.send('PUT', `/Users/${id}`, { ...now, active: true, title: 'Engineer' });
    assert.deepEqual([put.status, put.body.active, put.body.title], [200, false, 'Engineer']);
    assert.equal((await app.parts.users.get(id))?.state, 'disabled');
  });
});
