import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { TestApp } from '../support/app.ts';
import { type HostileProvider, rsa } from '../support/hostile-provider.ts';
import { Visitors } from '../support/logging-out.ts';
import { type Answer, read } from '../support/oauth.ts';

let visitors: Visitors;
let home: TestApp;
let double: HostileProvider;
before(async () => {
  visitors = await Visitors.start();
  ({ home, double } = visitors);
});
beforeEach(() => double.reset());
after(() => visitors.close());

describe('POST /federation/{id}/universal-logout (Okta, Global Token Revocation)', () => {
  const place = (id = 'double') => `/federation/${id}/universal-logout`;
  const revocation = (claims: Record<string, unknown> = {}): string =>
    visitors.token(
      { sub: 'client', aud: `${home.issuer}${place()}`, exp: Math.floor(Date.now() / 1000) + 300, ...claims },
      { typ: 'global-token-revocation+jwt' },
    );
  const bySub = (sub: string) => ({ sub_id: { format: 'iss_sub', iss: double.issuer, sub } });
  const order = async (body: object, token = revocation(), id = 'double'): Promise<Answer> =>
    read(
      await fetch(`${home.url}${place(id)}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(token === '' ? {} : { authorization: `Bearer ${token}` }) },
        body: JSON.stringify(body),
      }),
    );

  it('ends everything of the person: every session, access and refresh token, offline ones too', async () => {
    const one = await visitors.signedIn('kim', 'k-1');
    const two = await visitors.signedIn('kim', undefined, { scope: 'openid offline_access' });
    const other = await visitors.signedIn('lou', 'l-1');
    const answer = await order(bySub('kim'));
    assert.deepEqual([answer.status, answer.body], [204, '']);
    for (const { tokens, browser } of [one, two]) {
      assert.deepEqual(
        [await visitors.isAlive(tokens.access_token), await visitors.isSignedIn(browser)],
        [false, false],
      );
      assert.equal((await visitors.refreshed(tokens.refresh_token)).body.error, 'invalid_grant');
    }
    assert.ok(await visitors.isAlive(other.tokens.access_token));
    assert.deepEqual(await home.parts.upstreamSessions.find('double', { subject: 'kim' }), []);
    const ended = await home.parts.trail.search({ type: 'session.ended', target: `user:${one.sub}` });
    const detail = { reason: 'universal logout', connection: 'double' };
    assert.deepEqual(
      ended.map(({ actor, ...event }) => [actor, event.detail]),
      [
        ['connection:double', detail],
        ['connection:double', detail],
      ],
    );
  });

  it('finds a person by address, but only one who came through this connection', async () => {
    const { tokens } = await visitors.signedIn('max', 'm-1');
    const elsewhere = await visitors.signedIn('max', 'm-1', { id: 'other' });
    const byEmail = (email: string) => ({ sub_id: { format: 'email', email } });
    const answers = [
      await order(byEmail('max@other.example')),
      await order(byEmail('alice@example.test')),
      await order(byEmail('nobody@example.test')),
      await order(bySub('nobody')),
    ];
    for (const { status, body } of answers) assert.deepEqual([status, body], [404, answers[0]?.body]);
    assert.ok(await visitors.isAlive(elsewhere.tokens.access_token));
    assert.equal((await order(byEmail('MAX@double.example'))).status, 204);
    assert.equal(await visitors.isAlive(tokens.access_token), false);
    assert.ok(await visitors.isAlive(elsewhere.tokens.access_token));
  });

  it('refuses whoever cannot show that it is Okta, and a token that was used', async () => {
    const { tokens } = await visitors.signedIn('nat', 'n-1');
    const foreign = rsa('k1');
    double.lies = { signer: foreign.privateKey };
    const forged = revocation();
    double.lies = {};
    const used = revocation();
    assert.equal((await order(bySub('somebody'), used)).status, 404);
    const wrong = [forged, used, revocation({ aud: 'https://elsewhere.example' }), revocation({ sub: 'somebody' }), ''];
    for (const token of wrong) {
      const { status, headers, body } = await order(bySub('nat'), token);
      assert.equal(status, 401);
      assert.equal(body.error, 'invalid_token');
      assert.match(headers.get('www-authenticate') ?? '', /^Bearer /);
    }
    assert.ok(await visitors.isAlive(tokens.access_token));
    assert.equal((await order({ sub_id: { format: 'phone' } })).status, 400);
  });

  it('is not there for a connection that does not accept it', async () => {
    const [off, none] = [
      await order(bySub('kim'), revocation(), 'other'),
      await order(bySub('kim'), revocation(), 'no'),
    ];
    assert.equal(off.status, 404);
    assert.deepEqual(off.body, none.body);
  });
});
