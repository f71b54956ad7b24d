import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { alertOf, type Page, textOf } from '../support/browser.ts';
import { begin, connect, password, person, startProvider, Traveller } from '../support/federation.ts';
import { near } from '../support/logging-out.ts';
import { authorization, introspect, redeem } from '../support/signing-in.ts';

let home: TestApp;
let provider: TestApp;
before(async () => {
  home = await startApp(near);
  provider = await startProvider();
  await connect(home, provider, 'corp', { domains: ['corp.example'] });
  await home.parts.connections.domains.verify('corp', 'corp.example', 'cli', true);
  await connect(home, provider, 'closed', { provision: false, name: 'Closed SSO' });
});
after(() => Promise.all([home.close(), provider.close()]));

const traveller = () => new Traveller(home, provider);
const heading = (page: Page) => textOf(page, '<h1');
const reached = (page: Page) => assert.match(String(page.url), /code=/, page.text);

/** Signs in through a connection, to wherever that leads. */
async function through(email: string, id = 'corp', browser = traveller()): Promise<Page> {
  return browser.signIn(await begin(browser, home, {}, id), email);
}

const sub = async (page: Page): Promise<string> => (await redeem(home, page)).claims.sub;
const here = (email: string, more: object = {}) =>
  home.parts.users.add({ email, password, emailVerified: true, ...more }, 'cli');
const linksOf = async (id: string) => (await home.parts.identities.ofUser(id)).map(({ connection }) => connection);

describe('an address that belongs to an account here already', () => {
  it('sec-213 sec-216 sec-221 opens nobody’s account, and says what to do', async () => {
    const victim = await here('victim@corp.example');
    await person(provider, 'victim@corp.example');
    const page = await through('victim@corp.example');
    assert.equal(heading(page), 'Connect your account');
    assert.match(page.text, /Sign in with the account that you have here/);
    assert.deepEqual(await linksOf(victim.id), []);
  });

  it('sec-213 is nobody’s key: whoever takes the address at the provider later is somebody else', async () => {
    const there = await person(provider, 'gil@corp.example');
    const first = await sub(await through('gil@corp.example'));
    await provider.parts.users.change(there.id, { email: 'gil.old@corp.example' }, 'cli');
    await person(provider, 'gil@corp.example');
    assert.equal(heading(await through('gil@corp.example')), 'Connect your account');
    assert.equal(await sub(await through('gil.old@corp.example')), first);
    assert.notEqual(await sub(await through('gil@corp.example')), first);
  });

  it('tells an unknown person the same where nobody is taken in, so the page says nothing of who exists', async () => {
    await here('known@closed.example');
    const pages = ['known@closed.example', 'unknown@closed.example'].map(async (email) => {
      await person(provider, email);
      const page = await through(email, 'closed');
      return page.text.replaceAll(email, 'EMAIL').replaceAll(/\/signin\/[\w-]+/g, '');
    });
    const [known, unknown] = await Promise.all(pages);
    assert.equal(known, unknown);
    assert.match(known ?? '', /Connect your account/);
  });
});

describe('connecting two accounts', () => {
  /** Both sides proven, on the page that asks. */
  async function toTheQuestion(email: string, id: string, browser: Traveller): Promise<Page> {
    await person(provider, email);
    const page = await through(email, id, browser);
    return browser.submit(page, { identifier: email, password });
  }

  it('takes the password here and a yes, and the next sign-in through the provider needs neither', async () => {
    const { id } = await here('hana@corp.example');
    const browser = traveller();
    const question = await toTheQuestion('hana@corp.example', 'corp', browser);
    assert.match(heading(question) ?? '', /Connect Corp SSO to your account/);
    assert.equal(question.text.match(/<strong>hana@corp\.example<\/strong>/g)?.length, 2);
    assert.deepEqual(await linksOf(id), []);
    const back = await browser.submit(question, { decision: 'link' });
    const { claims, access_token } = await redeem(home, back);
    assert.equal(claims.sub, id);
    assert.deepEqual((await introspect(home, access_token)).amr, ['pwd', 'fed']);
    assert.equal(await sub(await through('hana@corp.example')), id);
    const [event] = await home.parts.trail.search({ type: 'identity.linked', target: `user:${id}` });
    assert.deepEqual(event?.detail, { connection: 'corp' });
    assert.ok(event?.requestId);
  });

  it('is offered by a provider of one organisation to its own people only, whoever says yes', async () => {
    const { connections, organizations } = home.parts;
    await connect(home, provider, 'tenant', { confined: true, provision: false, domains: ['tenant.example'] });
    await organizations.add({ id: 'tenant', name: 'Tenant', domains: [], connections: ['tenant'] }, 'cli');
    const foreign = await here('root@elsewhere.example');
    const browser = traveller();
    const question = await toTheQuestion('root@elsewhere.example', 'tenant', browser);
    assert.match(question.text, /for the people of one organization/);
    await browser.at(home).send('POST', question.url, { decision: 'link' });
    assert.deepEqual(await linksOf(foreign.id), []);
    await organizations.join('tenant', `user:${foreign.id}`, 'cli');
    const again = traveller();
    const asked = await again.submit(await through('root@elsewhere.example', 'tenant', again), {
      identifier: 'root@elsewhere.example',
      password,
    });
    reached(await again.submit(asked, { decision: 'link' }));
    assert.deepEqual(await linksOf(foreign.id), ['tenant']);
    await connections.domains.verify('tenant', 'tenant.example', 'cli', true);
    const own = await here('own@tenant.example');
    const third = traveller();
    reached(await third.submit(await toTheQuestion('own@tenant.example', 'tenant', third), { decision: 'link' }));
    assert.deepEqual(await linksOf(own.id), ['tenant']);
  });

  it('connects an account with another address too: both were proven', async () => {
    const { id } = await here('ina@home.example');
    await person(provider, 'ina.work@corp.example');
    await here('ina.work@corp.example');
    const browser = traveller();
    const page = await through('ina.work@corp.example', 'corp', browser);
    const question = await browser.submit(page, { identifier: 'ina@home.example', password });
    reached(await browser.submit(question, { decision: 'link' }));
    assert.deepEqual(await linksOf(id), ['corp']);
    assert.equal((await home.parts.users.get(id))?.email, 'ina@home.example');
  });

  it('is not done without the yes: leaving them apart signs in here, and connects nothing', async () => {
    const { id } = await here('jon@corp.example');
    const browser = traveller();
    const question = await toTheQuestion('jon@corp.example', 'corp', browser);
    assert.equal((await browser.submit(question, { decision: '' })).status, 200);
    const { claims, access_token } = await redeem(home, await browser.submit(question, { decision: 'skip' }));
    assert.equal(claims.sub, id);
    assert.deepEqual((await introspect(home, access_token)).amr, ['pwd']);
    assert.deepEqual(await linksOf(id), []);
  });

  it('is not done with a wrong password, which counts as one', async () => {
    const { id } = await here('kim@corp.example');
    await person(provider, 'kim@corp.example');
    const browser = traveller();
    const page = await through('kim@corp.example', 'corp', browser);
    const wrong = await browser.submit(page, { identifier: 'kim@corp.example', password: 'not this one' });
    assert.equal(wrong.status, 400);
    assert.match(alertOf(wrong) ?? '', /do not belong together/);
    const [failure] = await home.parts.trail.search({ type: 'signin.failed', target: `user:${id}` });
    assert.equal(failure?.detail?.method, 'password');
    const forged = await browser.submit(wrong, { decision: 'link' });
    assert.equal(heading(forged), 'Connect your account');
    assert.deepEqual(await linksOf(id), []);
  });

  it('sec-216 sec-217 gives nothing to an account whose address was never confirmed, by its right password either', async () => {
    const { id } = await here('lea@corp.example', { emailVerified: false });
    const browser = traveller();
    const page = await toTheQuestion('lea@corp.example', 'corp', browser);
    assert.equal(heading(page), 'This account cannot be connected yet');
    const forged = await browser.submit(page, { decision: 'link' });
    assert.equal(forged.status, 400);
    assert.deepEqual(await linksOf(id), []);
    assert.equal(heading(await through('lea@corp.example')), 'Connect your account');
  });

  it('sec-223 counts once, for the pair that was proven, in the browser that proved it', async () => {
    const { id } = await here('mia@corp.example');
    const browser = traveller();
    const question = await toTheQuestion('mia@corp.example', 'corp', browser);
    const stranger = await traveller().at(home).send('POST', question.url, { decision: 'link' });
    assert.match(stranger.text, /This sign-in has ended/);
    assert.deepEqual(await linksOf(id), []);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => browser.at(home).send('POST', question.url, { decision: 'link' })),
    );
    assert.ok(answers.every(({ status }) => status === 303));
    const [link] = await home.parts.identities.ofUser(id);
    await home.parts.identities.unlink(link?.id ?? '', 'cli');
    await browser.at(home).send('POST', question.url, { decision: 'link' });
    assert.deepEqual(await linksOf(id), []);
  });

  it('is refused when the identity was connected to somebody else meanwhile', async () => {
    const { id } = await here('nia@corp.example');
    const rival = await here('nia.rival@home.example');
    const browser = traveller();
    const question = await toTheQuestion('nia@corp.example', 'corp', browser);
    const other = traveller();
    const page = await through('nia@corp.example', 'corp', other);
    const theirs = await other.submit(page, { identifier: 'nia.rival@home.example', password });
    reached(await other.submit(theirs, { decision: 'link' }));
    assert.equal((await browser.submit(question, { decision: 'link' })).status, 400);
    assert.deepEqual([await linksOf(id), await linksOf(rival.id)], [[], ['corp']]);
  });

  it('is refused when the connection was switched off, or the person was disabled, meanwhile (sec-227)', async () => {
    const { id } = await here('ola@corp.example');
    const browser = traveller();
    const question = await toTheQuestion('ola@corp.example', 'corp', browser);
    await home.parts.users.disable(id, 'cli');
    // What was proven of them is void, so it begins again at the provider.
    assert.equal(heading(await browser.submit(question, { decision: 'link' })), 'Connect your account');
    await home.parts.users.enable(id, 'cli');
    await home.parts.connections.setState('corp', 'disabled', 'cli');
    const after = await browser.submit(question, { decision: 'link' });
    await home.parts.connections.setState('corp', 'enabled', 'cli');
    assert.doesNotMatch(String(after.url), /code=/);
    assert.deepEqual(await linksOf(id), []);
  });
});

describe('a link that an attacker begins', () => {
  it('sec-222 is not finished in the victim’s browser: its address opens for whoever began it', async () => {
    await person(provider, 'mallory@corp.example');
    const attacker = traveller();
    const page = await begin(attacker, home);
    const there = attacker.at(provider);
    let answer = await there.send('POST', page.url, { identifier: 'mallory@corp.example', password });
    while (!answer.headers.location?.startsWith(home.issuer)) {
      answer = await there.send('GET', new URL(answer.headers.location ?? '', provider.issuer));
    }
    const victim = new Traveller(home, provider);
    const alice = { identifier: 'alice@example.test', password: home.password('alice@example.test') };
    reached(await victim.submit(await victim.open(authorization(home)), alice));
    const seen = await victim.open(answer.headers.location);
    assert.equal(heading(seen), 'This sign-in has ended');
    assert.match(String((await victim.open(authorization(home))).url), /code=/);
    const user = await home.parts.users.byEmail('alice@example.test');
    assert.deepEqual(await linksOf(user?.id ?? ''), []);
  });
});
