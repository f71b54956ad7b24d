import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { adminApi, adminToken } from '../support/admin.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { newBrowser, redeem, signInto } from '../support/signing-in.ts';
import { caep, poll, push, receiverClient, type Transmitter, transmitter } from '../support/ssf.ts';

let app: TestApp;
let own: Transmitter;
let stranger: Transmitter;
before(async () => {
  app = await startApp();
  own = transmitter(app, await receiverClient(app, 'listener'));
  stranger = transmitter(app, await receiverClient(app, 'stranger'));
});
after(() => app.close());

describe('the transmitter of security events', () => {
  it('says where everything is', async () => {
    const answer = await fetch(`${app.issuer}/.well-known/ssf-configuration`);
    assert.equal(answer.headers.get('content-type'), 'application/json; charset=utf-8');
    assert.deepEqual(await answer.json(), {
      spec_version: '1_0',
      issuer: app.issuer,
      jwks_uri: `${app.issuer}/oauth2/jwks`,
      delivery_methods_supported: [push, poll],
      configuration_endpoint: `${app.issuer}/ssf/streams`,
      status_endpoint: `${app.issuer}/ssf/status`,
      verification_endpoint: `${app.issuer}/ssf/verify`,
      authorization_schemes: [{ spec_urn: 'urn:ietf:rfc:6749' }],
      default_subjects: 'ALL',
    });
    const posted = await fetch(`${app.issuer}/.well-known/ssf-configuration`, { method: 'POST' });
    assert.deepEqual([posted.status, posted.headers.get('allow')], [405, 'GET, HEAD']);
  });

  it('makes, shows, changes, replaces and deletes streams', async () => {
    const made = await own.send('POST', '/streams', {
      events_requested: [caep('session-revoked'), 'urn:example:unknown'],
      description: 'first',
    });
    const id = made.body.stream_id;
    const all = ['session-revoked', 'token-claims-change', 'credential-change'].map(caep);
    const expected = {
      stream_id: id,
      iss: app.issuer,
      aud: 'listener',
      events_supported: all,
      events_requested: [caep('session-revoked'), 'urn:example:unknown'],
      events_delivered: [caep('session-revoked')],
      delivery: { method: poll, endpoint_url: `${app.issuer}/ssf/poll/${id}` },
      min_verification_interval: 30,
      description: 'first',
    };
    assert.deepEqual([made.status, made.body], [201, expected]);
    assert.equal(made.headers.get('cache-control'), 'no-store');
    assert.deepEqual((await own.get(`/streams?stream_id=${id}`)).body, expected);
    assert.deepEqual((await own.get('/streams')).body, [expected]);
    const patched = await own.send('PATCH', '/streams', { ...expected, events_requested: all });
    assert.deepEqual(patched.body, { ...expected, events_requested: all, events_delivered: all });
    for (const wrong of [{ aud: 'other' }, { iss: 'https://x' }, { events_delivered: [] }, { events_supported: [] }]) {
      const refused = await own.send('PATCH', '/streams', { stream_id: id, ...wrong });
      assert.equal(refused.status, 400, JSON.stringify(wrong));
      assert.match(refused.body.detail, new RegExp(`^${Object.keys(wrong)[0]} cannot be changed`));
    }
    const put = await own.send('PUT', '/streams', { stream_id: id, events_requested: all.slice(1, 2) });
    const { description: _gone, ...replaced } = expected;
    assert.deepEqual(put.body, { ...replaced, events_requested: all.slice(1, 2), events_delivered: all.slice(1, 2) });
    assert.equal((await own.send('DELETE', `/streams?stream_id=${id}`)).status, 204);
    assert.equal((await own.get(`/streams?stream_id=${id}`)).status, 404);
    assert.deepEqual((await own.get('/streams')).body, []);
    const events = await app.parts.trail.search({ target: `stream:${id}` });
    assert.deepEqual(
      events.map(({ type, actor, detail = {} }) => [type, actor, ...Object.values(detail)]),
      [
        ['stream.created', 'client:listener', 'poll'],
        ['stream.changed', 'client:listener', 'requested description delivery'],
        ['stream.changed', 'client:listener', 'requested description delivery'],
        ['stream.removed', 'client:listener'],
      ],
    );
  });

  it('sec-243 pushes to https addresses on the internet only, without credentials', async () => {
    const secret = { authorization_header: 'Bearer x' };
    const wrong = ['http://a.example/x', 'https://u@a.example/', 'https://a.example/#x', 'ftp://a.example', 'x', ''];
    for (const endpoint_url of wrong) {
      const { status, body } = await own.send('POST', '/streams', {
        delivery: { method: push, endpoint_url, ...secret },
      });
      assert.equal(status, 400, endpoint_url);
      assert.match(body.detail, /endpoint_url/);
    }
    for (const delivery of [
      { method: push },
      { method: 'urn:example:other' },
      { method: push, endpoint_url: 'https://a.example/', authorization_header: 'a\r\nb: c' },
    ]) {
      assert.equal((await own.send('POST', '/streams', { delivery })).status, 400, JSON.stringify(delivery));
    }
    const id = await own.stream(['session-revoked'], { method: push, endpoint_url: 'https://127.0.0.1/' });
    const person = await app.parts.users.add({ email: 'inside@example.test' }, 'cli');
    await app.parts.users.disable(person.id, 'cli');
    const reason = async () => (await app.parts.streams.progress.get(id))?.reason ?? '';
    while ((await reason()) === '') await own.get('/streams');
    assert.match(await reason(), /could not be fetched/);
    assert.equal((await own.poll(id)).status, 404);
    await own.send('DELETE', `/streams?stream_id=${id}`);
  });

  it('shows and changes streams of the caller only, within what its token allows', async () => {
    const id = await own.stream(['session-revoked']);
    const calls: [string, string, object?][] = [
      ['GET', `/streams?stream_id=${id}`],
      ['PATCH', '/streams', { stream_id: id, description: 'mine' }],
      ['PUT', '/streams', { stream_id: id }],
      ['GET', `/status?stream_id=${id}`],
      ['POST', '/status', { stream_id: id, status: 'disabled' }],
      ['POST', '/verify', { stream_id: id }],
      ['POST', `/poll/${id}`, { returnImmediately: true }],
      ['DELETE', `/streams?stream_id=${id}`],
    ];
    const reading = new Set([0, 3, 6]);
    const nobody = transmitter(app, undefined);
    const other = transmitter(app, await adminToken(app, 'webhooks:read'));
    const reader = transmitter(app, await adminToken(app, 'ssf.read'));
    for (const [index, [method, path, body]] of calls.entries()) {
      const status = async (who: Transmitter) => (await who.send(method, path, body)).status;
      const told = [await status(stranger), await status(reader), await status(other), await status(nobody)];
      assert.deepEqual(told, [404, reading.has(index) ? 404 : 403, 403, 401], `${method} ${path}`);
    }
    assert.deepEqual((await stranger.get('/streams')).body, []);
    const challenge = (await nobody.get('/streams')).headers.get('www-authenticate') ?? '';
    assert.match(challenge, /^Bearer realm=".*", scope="ssf.read"$/);
    const shown = await own.get(`/streams?stream_id=${id}`);
    assert.equal(shown.body.description, undefined);
    await own.send('DELETE', `/streams?stream_id=${id}`);
  });

  it('is for clients: nobody would know whose stream a person has made', async () => {
    // A password would do, so that it is not the sign-in that is refused.
    await app.parts.access.ensureBuiltIn('1fa');
    const more = { scope: 'ssf.manage', resource: 'urn:sallyport:admin' };
    const browser = newBrowser(app);
    const asked = await signInto(app, browser, more, 'admin@example.test');
    const page = await browser.submit(asked, { decision: 'allow' });
    const person = transmitter(app, (await redeem(app, page)).access_token);
    const made = await person.send('POST', '/streams', {});
    assert.deepEqual([made.status, made.body.code], [403, 'not_a_receiver']);
  });

  it('lets a receiver have ten streams, and refuses what it cannot read', async () => {
    const ids: string[] = [];
    for (let index = 0; index < 10; index += 1) ids.push(await own.stream([]));
    const more = await own.send('POST', '/streams', {});
    assert.deepEqual([more.status, more.body.code], [409, 'too_many_streams']);
    const [id] = ids;
    for (const [path, body] of [
      ['/status', { stream_id: id, status: 'gone' }],
      ['/status', { status: 'paused' }],
      ['/verify', { stream_id: id, state: 5 }],
      [`/poll/${id}`, { maxEvents: -1 }],
      [`/poll/${id}`, { setErrs: { a: {} } }],
    ] as const) {
      assert.equal((await own.send('POST', path, body)).status, 400, JSON.stringify(body));
    }
    const api = adminApi(app, await adminToken(app));
    const listed = await api.get('/streams?limit=3');
    assert.equal(listed.body.items.length, 3);
    const shown = await api.get(`/streams/${id}`);
    assert.deepEqual([shown.body.client, shown.body.delivery, shown.body.progress], ['listener', 'poll', { tries: 0 }]);
    for (const one of ids) assert.equal((await api.send('DELETE', `/streams/${one}`)).status, 204);
    assert.equal((await api.get(`/streams/${id}`)).status, 404);
    const lesser = adminApi(app, await adminToken(app, 'webhooks:read'));
    assert.equal((await lesser.send('DELETE', `/streams/${id}`)).status, 403);
  });
});
