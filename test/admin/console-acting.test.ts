import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it, mock } from 'node:test';
import { delegable } from '../../src/directory/built-in.ts';
import { somebody } from '../support/account.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { alertOf, type Page } from '../support/browser.ts';
import { type Administrator, administrator, enterWithKey, hidden, send } from '../support/console.ts';

let app: TestApp;
before(async () => {
  mock.timers.enable({ apis: ['Date'], now: Date.now() });
  app = await startApp();
  const { access, organizations } = app.parts;
  const local = [...delegable].map((name) => `urn:sallyport:admin#${name}`);
  await access.saveRole({ id: 'local', permissions: local, includes: [] }, 'cli');
  const wide = ['users:read', 'keys:read'].map((name) => `urn:sallyport:admin#${name}`);
  await access.saveRole({ id: 'wide', permissions: wide, includes: [] }, 'cli');
  for (const id of ['acme', 'globex', 'umbrella']) {
    await organizations.add({ id, name: `${id} & sons`, domains: [], connections: [] }, 'cli');
    await organizations.join(id, `user:${await somebody(app, `of.${id}@x.test`)}`, 'cli');
  }
});
after(async () => {
  await app.close();
  mock.timers.reset();
});
beforeEach(() => mock.timers.tick(1000));

/** Somebody at the console who looks after these organizations, and holds this role on the whole server. */
async function keeper(email: string, places: readonly string[], wide?: string): Promise<Administrator> {
  const { access, organizations } = app.parts;
  const one = await administrator(app, email, wide ?? 'orders-reader');
  for (const place of places) {
    await organizations.join(place, `user:${one.id}`, 'cli');
    await access.assign(`user:${one.id}`, 'local', 'cli', { organization: place });
  }
  await enterWithKey(one, await one.browser.open('/admin'));
  return one;
}

const choose = async ({ browser }: Administrator, organization: string): Promise<Page> =>
  send(browser, await browser.open('/admin/acting'), { organization });
const peopleSeen = async ({ browser }: Administrator): Promise<string[]> => {
  const { text } = await browser.open('/admin/people');
  return ['acme', 'globex', 'umbrella'].filter((place) => text.includes(`of.${place}@x.test`));
};

describe('for whom somebody acts in the console', () => {
  it('sec-275 is one of the organizations that they look after, and what they see and do keeps to it', async () => {
    const both = await keeper('both@x.test', ['acme', 'globex']);
    const page = await both.browser.open('/admin');
    assert.match(page.text, /Acting for: <strong>acme &amp; sons<\/strong> <a href="\/admin\/acting">Change/);
    assert.deepEqual(await peopleSeen(both), ['acme']);
    const after = await choose(both, 'globex');
    assert.match(after.text, /<strong>globex &amp; sons<\/strong>/);
    assert.deepEqual(await peopleSeen(both), ['globex']);
    assert.equal((await both.browser.send('GET', '/admin/settings/organizations/acme')).status, 404);
    assert.equal((await both.browser.send('GET', '/admin/settings/organizations/globex')).status, 200);
    const form = await both.browser.open('/admin/settings/organizations/globex/edit');
    assert.doesNotMatch(form.text, /name="domains"/);
    assert.match((await send(both.browser, form, { name: 'Globex' })).text, /Globex is saved/);
    assert.deepEqual((await app.parts.organizations.get('globex'))?.name, 'Globex');
  });

  it('gives roles within the organization, as far as they hold them there, and nothing elsewhere', async () => {
    const one = await keeper('giver@x.test', ['acme']);
    const person = (await app.parts.users.byEmail('of.acme@x.test'))?.id;
    const { text } = await one.browser.open(`/admin/people/${person}/access`);
    const [, href = ''] = /href="([^"]+)">Give a role/.exec(text) ?? [];
    const given = await send(one.browser, await one.browser.open(href), { role: 'local' });
    assert.match(given.text, /of\.acme@x\.test<\/a><span class="id">local/);
    const all = await app.parts.access.assignments({ subject: `user:${person}` });
    assert.deepEqual(
      all.map(({ role, organization }) => [role, organization]),
      [['local', 'acme']],
    );
    const more = await send(one.browser, await one.browser.open(href), { role: 'orders-editor' });
    assert.equal(more.status, 403);
    assert.match(more.text, /value="orders-editor"/);
    assert.match(alertOf(more) ?? '', /^This would give \S+#orders:write, which you do not hold yourself/);
    const german = await one.browser.send('POST', href, { role: 'orders-editor' }, { 'accept-language': 'de' });
    const words = /<p class="alert" role="alert">Damit würden Sie mehr vergeben, .* <span lang="en">This would give /;
    assert.match(german.text, words);
    const foreign = href.replace('/acme/', '/globex/');
    assert.equal((await one.browser.send('POST', foreign, { role: 'local' })).status, 404);
  });

  it('sec-275 gives nothing: it is one of what they hold at each request, in their own browser', async () => {
    const one = await keeper('two@x.test', ['acme', 'globex']);
    assert.equal((await one.browser.send('POST', '/admin/acting', { organization: 'umbrella' })).status, 400);
    assert.equal((await one.browser.send('POST', '/admin/acting', { organization: '' })).status, 400);
    await choose(one, 'globex');
    const other = await keeper('other@x.test', ['acme', 'globex']);
    const cookie = one.browser.cookies.get('admin-place /');
    assert.ok(cookie);
    other.browser.cookies.set('admin-place /', cookie);
    assert.deepEqual(await peopleSeen(other), ['acme'], 'whose choice it was counts');
    other.browser.cookies.set('admin-place /', { ...cookie, value: 'globex' });
    assert.deepEqual(await peopleSeen(other), ['acme']);
    await app.parts.access.unassign(`user:${one.id}`, 'local', 'cli', 'globex');
    assert.deepEqual(await peopleSeen(one), ['acme'], 'no longer held');
    await app.parts.organizations.leave('acme', `user:${one.id}`, 'cli');
    assert.equal((await one.browser.send('GET', '/admin/people')).status, 403);
  });

  it('is the whole server for whoever administers it, until they choose; then all of it keeps to the organization', async () => {
    const one = await keeper('wide@x.test', ['acme'], 'wide');
    assert.match((await one.browser.open('/admin')).text, /Acting for: <strong>The whole server<\/strong>/);
    assert.deepEqual(await peopleSeen(one), ['acme', 'globex', 'umbrella']);
    assert.equal((await one.browser.send('GET', '/admin/settings/keys')).status, 200);
    const person = (await app.parts.users.byEmail('of.acme@x.test'))?.id;
    assert.equal((await one.browser.send('GET', `/admin/people/${person}/disable`)).status, 403);
    await choose(one, 'acme');
    assert.deepEqual(await peopleSeen(one), ['acme']);
    assert.equal((await one.browser.send('GET', '/admin/settings/keys')).status, 403);
    assert.equal((await one.browser.send('GET', `/admin/people/${person}/disable`)).status, 200);
    await choose(one, '');
    assert.equal((await one.browser.send('GET', '/admin/settings/keys')).status, 200);
  });

  it('is for whom the form was made: for another that was chosen meanwhile nothing is done, and nothing is lost', async () => {
    const one = await keeper('tabs@x.test', ['acme', 'umbrella']);
    const path = '/admin/settings/organizations/acme/edit';
    const form = await one.browser.open(path);
    const name = async () => (await app.parts.organizations.get('acme'))?.name;
    const before = await name();
    for (const fields of [{ ...hidden(form), name: 'Acme in Tab 1' }, { name: 'Acme in Tab 1' }]) {
      await choose(one, 'umbrella');
      const late = await one.browser.send('POST', path, fields);
      assert.deepEqual([late.status, await name()], ['acts-for' in fields ? 409 : 404, before]);
      if (late.status === 404) continue;
      assert.match(late.text, /Acting for: <strong>acme/);
      assert.match(alertOf(late) ?? '', /You chose another organization meanwhile/);
      assert.match(late.text, /name="name"[^>]* value="Acme in Tab 1"/);
      assert.match((await send(one.browser, late, { name: 'Acme in Tab 1' })).text, /Acme in Tab 1 is saved/);
      await app.parts.organizations.change('acme', { name: before ?? '' }, 'cli');
    }
    // Of whom the form does not say for whom it is, only one who has nothing to choose is taken at their word.
    await choose(one, 'acme');
    assert.equal((await one.browser.send('POST', path, { name: 'Acme without a word' })).status, 409);
    await app.parts.access.unassign(`user:${one.id}`, 'local', 'cli', 'acme');
    assert.equal((await one.browser.send('POST', path, { ...hidden(form), name: 'Acme' })).status, 404);
    assert.equal(await name(), before);
  });

  it('is named where there is nothing to choose, and not at all where it is the whole server', async () => {
    const one = await keeper('sole@x.test', ['acme']);
    const { text } = await one.browser.open('/admin');
    assert.match(text, /Acting for: <strong>acme &amp; sons<\/strong><\/p>/);
    const all = await keeper('all@x.test', [], 'administrator');
    assert.doesNotMatch((await all.browser.open('/admin')).text, /Acting for/);
  });

  it('writes nothing on the trail as refused but what they asked for, however they click', async () => {
    const { access, organizations, setupLinks, trail, users } = app.parts;
    const ada = `user:${await somebody(app, 'ada@x.test')}`;
    await organizations.add({ id: 'initech', name: 'Initech', domains: [], connections: [] }, ada);
    const member = `user:${await somebody(app, 'of.initech@x.test')}`;
    await organizations.join('initech', member, ada);
    await access.assign(member, 'local', ada, { organization: 'initech' });
    const { link } = await setupLinks.make({ organization: 'initech' }, ada);
    const one = await keeper('clicks@x.test', ['initech']);
    const refused = async () => {
      const all = await trail.search({ type: 'admin.refused', actor: `user:${one.id}` });
      return all.map(({ detail }) => [detail?.operation, detail?.on]);
    };
    const seen = new Set(['/admin']);
    for (const path of seen) {
      const page = await one.browser.send('GET', path);
      assert.ok(page.status < 400, path);
      for (const [, href = ''] of page.text.matchAll(/href="(\/admin[^"#]*)"/g)) {
        if (seen.size < 90) seen.add(href.replaceAll('&amp;', '&'));
      }
    }
    assert.ok(seen.has(`/admin/connections/setup-links/initech/${link.id}/end`), [...seen].join('\n'));
    assert.deepEqual(await refused(), []);
    assert.equal((await one.browser.send('GET', `/admin/connections/setup-links/acme/${link.id}/end`)).status, 404);
    assert.equal((await one.browser.send('GET', '/admin/connections/setup-links/initech/none/end')).status, 404);
    const { id } = (await users.byEmail('ada@x.test')) ?? {};
    assert.equal((await one.browser.send('GET', `/admin/people/${id}`)).status, 404);
    assert.deepEqual(await refused(), [
      ['listSetupLinks', 'acme'],
      ['getUser', id],
    ]);
  });
});
