import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { atHome, password, somebody } from '../support/account.ts';
import { type AdminApi, adminApi, adminToken } from '../support/admin.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { Canaries, dumpOf } from '../support/canaries.ts';
import { near } from '../support/logging-out.ts';
import { linkIn, type MailServer, startMailServer } from '../support/mail.ts';
import { basic, post } from '../support/oauth.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { makeKeys } from '../support/saml-parts.ts';
import { SamlPeople } from '../support/saml-people.ts';
import { newUser, scimClient } from '../support/scim.ts';
import { addTotp } from '../support/second-factor.ts';
import { authorization, newBrowser, signIn } from '../support/signing-in.ts';
import { storeUrl } from '../support/store.ts';
import { codeOf, wrongCode } from '../support/totp.ts';

/*
 * A secret of each kind on the way that it takes, and on ways that it should not take: in the address, in a header, in a
 * member of another name, in what is no JSON. None is in the log at its most talkative, on the trail, in metrics, in an answer
 * that refuses, in what a webhook is sent, or in the store (sec-282).
 */
const canaries = new Canaries();
const keep = (name: string, value: unknown): string => canaries.keep(name, value);
/** Six digits are found anywhere, so these are looked for as a word. */
const short: string[] = [];
/** A page names its own address where the language is chosen: whoever reads it was there. */
const shown = ({ text }: { text: string }): string => text.replaceAll(/<input type="hidden" name="to"[^>]*>/g, '');
/** What was answered to whoever was refused. */
const refusals: string[] = [];
const refused = async (answer: Response): Promise<void> => {
  assert.ok(answer.status >= 400, `${answer.url} ${answer.status}`);
  refusals.push(`${JSON.stringify([...answer.headers])}${shown({ text: await answer.text() })}`);
};
const seen = { ip: '192.0.2.1', requestId: 'r-1' };
const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';
const audience = 'https://api.example.test/orders';

let store: string;
let app: TestApp;
let api: AdminApi;
let mail: MailServer;
let receiver: Receiver;
before(async () => {
  store = await storeUrl();
  [mail, receiver] = await Promise.all([startMailServer(), startReceiver()]);
  app = await startApp({
    ...{ ...near, SALLYPORT_STORE: store, SALLYPORT_LOG_LEVEL: 'trace' },
    ...{ SALLYPORT_MAIL_URL: mail.url, SALLYPORT_IMPERSONATION: 'true' },
  });
  api = adminApi(app, keep('a token of the administration', await adminToken(app)));
  await useWebhooks();
  await useFactors();
  await useMail();
  await useSaml();
  await useScim();
  await useDevices();
  await useImpersonation();
  await useGateways();
  await misplace();
  await receiver.until(({ raw }) => raw.includes('user.impersonated'));
});
after(async () => {
  await app.close();
  receiver.close();
  await mail.stop();
});

/** It is told of everything, and at first it takes nothing. */
async function useWebhooks(): Promise<void> {
  const { body } = await api.send('POST', '/webhooks', {
    url: receiver.url,
    events: ['*', 'admin.asked', 'scim.asked'],
  });
  keep('secret of a webhook', body.secret);
  receiver.answer = 500;
  receiver.said = keep('what a webhook answered', 'the-answer-of-a-receiver-may-be-anything');
  const rotated = await api.send('POST', `/webhooks/${body.id}/secret`, { overlap: 3600 });
  keep('next secret of a webhook', rotated.body.secret);
  await api.send('POST', `/webhooks/${body.id}/test`);
  receiver.answer = 200;
}

async function useFactors(): Promise<void> {
  const id = await somebody(app, 'ana@x.test');
  const secret = keep('secret of an authenticator app', await addTotp(app, id));
  const codes = await app.parts.enrolments.renewRecoveryCodes({ id }, seen);
  for (const [index, code] of codes.entries()) keep(`recovery code ${index}`, code);
  const browser = newBrowser(app);
  const first = await browser.open(authorization(app));
  const second = await browser.submit(first, { identifier: 'ana@x.test', password: keep('a password', password) });
  const [wrong, right] = [wrongCode(secret), codeOf(secret)];
  short.push(wrong, right);
  const again = await browser.submit(second, { code: wrong });
  assert.equal(again.status, 400);
  refusals.push(shown(again));
  assert.ok((await browser.submit(again, { code: right })).url.searchParams.has('code'));
  const lost = newBrowser(app);
  const page = await lost.submit(await lost.open(authorization(app)), { identifier: 'ana@x.test', password });
  const other = await lost.open(`${page.url.pathname}?way=recovery-codes`);
  const guessed = await lost.submit(other, { code: keep('a wrong recovery code', 'zzzzz-yyyyy-xxxxx-wwwww') });
  refusals.push(shown(guessed));
  await lost.submit(guessed, { code: codes[0] ?? '' });
  for (const one of [browser, lost]) {
    for (const { name, value } of one.cookies.values()) if (/^session/.test(name)) keep(`cookie ${name}`, value);
  }
  const code = await app.parts.enrolmentCodes.issue(id, 'cli');
  short.push(code);
}

async function useMail(): Promise<void> {
  await somebody(app, 'bea@x.test');
  const browser = newBrowser(app);
  await browser.submit(await browser.open('/account/forgot'), { identifier: 'bea@x.test' });
  const link = secretly('reset', await linkIn(mail, 'bea@x.test', 'reset'));
  const used = keep('a new password', 'seven boats under a paper moon');
  const page = await browser.open(link);
  const weak = await browser.submit(page, { password: keep('a password that is refused', 'bea@x.test bea@x.test') });
  assert.equal(weak.status, 400);
  await browser.submit(weak, { password: used });
  refusals.push(shown(await browser.open(link)));
  await somebody(app, 'cid@x.test');
  const home = await atHome(app, 'cid@x.test');
  await home.submit(await home.open('/account/email'), { email: 'cid@new.x.test' });
  const confirm = secretly('email/confirm', await linkIn(mail, 'cid@new.x.test', 'email/confirm'));
  await home.submit(await home.open(confirm), {});
  const undo = secretly('email/undo', await linkIn(mail, 'cid@x.test', 'email/undo'));
  await newBrowser(app).open(undo);
  const invited = await api.send('POST', '/users', { email: 'dan@x.test' });
  keep('an invitation', invited.body.invitation.link.split('/').at(-1));
}

/** A link whose end is secret. */
function secretly(kind: string, link: string): string {
  keep(`secret of ${kind}`, link.slice(-43));
  return link;
}

async function useSaml(): Promise<void> {
  const people = new SamlPeople(app, 'partner', await makeKeys());
  await people.connect();
  const browser = newBrowser(app);
  const sent: string[] = [];
  const send = browser.send.bind(browser);
  browser.send = (method, url, fields, headers) => {
    if (typeof fields === 'object' && fields.SAMLResponse !== undefined) sent.push(fields.SAMLResponse);
    return send(method, url, fields, headers);
  };
  const back = await people.signIn(browser, 'eva', 'index-1');
  keep('a code', back.url.searchParams.get('code'));
  const xml = Buffer.from(sent[0] ?? '', 'base64').toString();
  keep('a signature of SAML', /<(?:\w+:)?SignatureValue>\s*([\w+/]{40})/.exec(xml)?.[1]);
  keep('an assertion', / ID="([^"]{16,})"/.exec(xml.slice(xml.indexOf('Assertion')))?.[1]);
  // Once more, and altered.
  for (const message of [sent[0] ?? '', Buffer.from(xml.replace('eva', 'adm')).toString('base64')]) {
    const answer = await send('POST', people.at('acs'), { SAMLResponse: message, RelayState: 'x' });
    assert.ok(answer.status >= 400);
    refusals.push(shown(answer));
  }
}

async function useScim(): Promise<void> {
  await app.parts.organizations.add({ id: 'acme', name: 'Acme', domains: [], connections: [] }, 'cli');
  const { body } = await api.send('POST', '/organizations/acme/scim-tokens');
  const client = scimClient(app, 'acme', keep('SCIM token', body.scim_token));
  const pushed = { password: keep('a pushed password', 'pushed-password-of-somebody') };
  await client.send('POST', '/Users', newUser('fay@acme.example', pushed));
  const wrong = scimClient(app, 'acme', keep('a wrong SCIM token', 'not-the-token-of-this-organisation'));
  assert.equal((await wrong.get('/Users')).status, 401);
}

async function useDevices(): Promise<void> {
  const metadata = { token_endpoint_auth_method: 'none', grant_types: [deviceGrant] };
  await app.parts.clients.add({ id: 'tv', name: 'Television', metadata }, 'cli');
  const { body } = await post(`${app.url}/oauth2/device`, { client_id: 'tv', scope: 'openid orders:read' });
  const form = { grant_type: deviceGrant, client_id: 'tv', device_code: keep('a device code', body.device_code) };
  short.push(body.user_code);
  await post(`${app.url}/oauth2/token`, form);
  const browser = newBrowser(app);
  const asked = await browser.submit(await browser.open(`${app.issuer}/device`), { user_code: body.user_code });
  const signin = await browser.submit(asked, { decision: 'allow' });
  await browser.submit(await signIn(app, browser, signin), { decision: 'allow' });
  await app.parts.records.devices.change(
    app.parts.records.idOf('DeviceCode', body.device_code),
    ({ polled: _long, ...rest }) => rest,
  );
  const given = await post(`${app.url}/oauth2/token`, form);
  keep('a token of a device', given.body.access_token);
  assert.equal((await post(`${app.url}/oauth2/token`, form)).status, 400);
}

async function useImpersonation(): Promise<void> {
  const id = await somebody(app, 'gus@x.test');
  await app.parts.access.assign(`user:${id}`, 'orders-reader', 'cli');
  const { status, body } = await api.send('POST', `/users/${id}/impersonate`, { audience, reason: 'ticket 7' });
  assert.equal(status, 201);
  keep('a token in the name of somebody', body.access_token);
}

async function useGateways(): Promise<void> {
  const { body } = await api.send('POST', '/clients/demo-gateway/introspection-tokens');
  const own = keep('a token to introspect with', body.introspection_token ?? Object.values(body).find(isLong));
  const token = keep('a token of a service', (await post(...service())).body.access_token);
  await fetch(`${app.url}/oauth2/introspect`, {
    method: 'POST',
    headers: { authorization: `Bearer ${own}` },
    body: new URLSearchParams({ token }),
  });
  const wrong = keep('a token that nobody gave out', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa');
  const question = { 'x-original-method': 'GET', 'x-original-url': `https://api.example.test/orders/1?key=${wrong}` };
  await fetch(`${app.url}/gateway/authorize`, { headers: { ...question, authorization: `Bearer ${token}` } });
  await refused(
    await fetch(`${app.url}/gateway/authorize`, { headers: { ...question, authorization: `Bearer ${wrong}` } }),
  );
}

const isLong = (value: unknown): boolean => typeof value === 'string' && value.length >= 32;
const service = (): [string, Record<string, string>, Record<string, string>] => [
  `${app.url}/oauth2/token`,
  { grant_type: 'client_credentials' },
  basic(app.client('demo-service')),
];

/** Secrets where they do not belong. */
async function misplace(): Promise<void> {
  const lost = keep('a secret that was misplaced', 'misplaced-secret-of-somebody-7Qz');
  const secret = keep('secret of a client', app.client('demo-service').client_secret);
  const json = { 'content-type': 'application/json' };
  const admin = { ...json, authorization: `Bearer ${canaries.all.get('a token of the administration')}` };
  const at = (path: string, init: RequestInit = {}) => fetch(`${app.url}${path}`, { redirect: 'manual', ...init });
  const form = (fields: Record<string, string>) => ({ method: 'POST', body: new URLSearchParams(fields) });
  const inPath = ['/oauth2/token', '/oauth2/introspect', '/admin/api/v1/clients', '/scim/v2/acme/Users', '/nowhere'];
  for (const path of inPath) await refused(await at(`${path}?client_secret=${secret}&password=${lost}&code=${lost}`));
  await refused(await at(`/oauth2/userinfo?access_token=${lost}`));
  await refused(await at('/oauth2/token', form({ grant_type: lost, client_secret: secret })));
  await refused(await at('/oauth2/token', form({ grant_type: 'refresh_token', refresh_token: lost, client_id: lost })));
  await refused(await at('/oauth2/userinfo', { headers: { authorization: `Bearer ${lost}` } }));
  await refused(await at('/oauth2/userinfo', { headers: { authorization: lost, cookie: `session=${lost}` } }));
  await refused(await at('/admin/api/v1/clients', { headers: { authorization: `Basic ${lost}`, 'x-api-key': lost } }));
  const bodies = [`{"client_secret": "${lost}"`, `"${lost}"`, JSON.stringify({ client_secret: { of: lost }, name: 7 })];
  for (const body of bodies) await refused(await at('/admin/api/v1/clients', { method: 'POST', headers: admin, body }));
  const check = { method: 'POST', headers: admin, body: JSON.stringify({ client_secret: lost }) };
  assert.equal((await at('/admin/api/v1/clients/demo-service/secrets/check', check)).status, 200);
  const registered = { method: 'POST', headers: { ...json, authorization: `Bearer ${lost}` } };
  for (const body of ['{}', ...bodies]) await refused(await at('/oauth2/register', { ...registered, body }));
  const browser = newBrowser(app);
  // Many type their password where the address belongs; the page shows it to them again, and to nobody else.
  await browser.submit(await browser.open(authorization(app)), { identifier: lost, password: lost });
  refusals.push(shown(await browser.open(`${app.issuer}/account/reset/${lost.padEnd(43, 'x')}`)));
  refusals.push(shown(await browser.open(authorization(app, { redirect_uri: `https://evil.example/${lost}` }))));
}

describe('secrets on their way', () => {
  const clean = (text: string) => {
    assert.deepEqual(canaries.foundIn(text), []);
    for (const one of short) assert.doesNotMatch(text, new RegExp(`(?<![\\w.])${one}(?![\\w.])`));
  };

  it('sec-282 are found by this search where they are', () => {
    assert.ok(canaries.all.size >= 38, [...canaries.all.keys()].join(', '));
    assert.ok(short.length >= 4);
    for (const [name, value] of canaries.all) assert.ok(canaries.foundIn(`"${value}"`).includes(name), name);
    assert.throws(() => clean(`{"code":"${short[0]}"}`));
  });

  it('sec-282 are not in the log, which says nearly everything', () => {
    assert.ok(app.log.length >= 50, String(app.log.length));
    clean(app.log.join('\n'));
  });

  it('sec-282 are not on the trail', async () => {
    const events = await app.parts.trail.search({}, { limit: 1000 });
    assert.ok(events.length >= 50 && events.length < 1000, String(events.length));
    clean(JSON.stringify(events));
  });

  it('sec-282 are no label of a metric', async () => {
    const metrics = await app.metrics();
    assert.match(metrics, /client_credentials/);
    clean(metrics);
  });

  it('sec-282 are not told to whoever is refused', () => {
    assert.ok(refusals.length >= 20, String(refusals.length));
    for (const text of refusals) clean(text);
  });

  it('sec-282 are not in what a webhook is sent', () => {
    assert.ok(receiver.arrived.length >= 20, String(receiver.arrived.length));
    for (const { raw, headers } of receiver.arrived) clean(`${JSON.stringify(headers)}${raw}`);
  });

  it('sec-282 sec-111 are not in the store', async () => {
    const everything = await dumpOf(store);
    assert.ok(everything.includes('ana@x.test'));
    assert.deepEqual(canaries.foundIn(everything), []);
  });
});
