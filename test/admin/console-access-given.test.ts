import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { explain } from '../../src/directory/explain.ts';
import { doneOf, somebody } from '../support/account.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { alertOf, type Page, textOf } from '../support/browser.ts';
import { type Administrator, atConsole, enterWithKey } from '../support/console.ts';
import { fieldsOf, follow, rowsOf } from '../support/console-forms.ts';
import { addKey } from '../support/second-factor.ts';
import { newBrowser } from '../support/signing-in.ts';

const stock = 'https://api.example.test/stock';
const on = (...names: string[]): string[] => names.map((name) => `${stock}#${name}`);
const enc = encodeURIComponent;

let app: TestApp;
let ada: Administrator;
before(async () => {
  app = await startApp();
  ada = await atConsole(app, 'ada@x.test');
  const made = { permissions: ['read', 'order'], tokenFormat: 'opaque', signingAlg: 'RS256', routes: [] } as const;
  await app.parts.access.saveApi({ id: stock, ...made, permissions: [...made.permissions], routes: [] }, 'cli');
  for (const [id, names] of [
    ['helper', ['read', 'order']],
    ['reader', ['read']],
  ] as const) {
    await app.parts.access.saveRole({ id, permissions: on(...names), includes: [] }, 'cli');
  }
});
after(() => app.close());

const permissionsOf = async (subject: string, place?: string) => [
  ...new Set((await explain(app.parts, subject, stock, place)).paths.map(({ permission }) => permission)),
];
const open = (path: string) => ada.browser.open(path);
/** The form of this page, with these fields other than they are. */
const send = (page: Page, fields: Record<string, string | undefined> = {}) => follow(ada.browser, page, fields);
const title = (page: Page) => textOf(page, '<h1');

/** Somebody who administers by what they hold within an organization. */
async function localAdministrator(email: string, place: string, role: string) {
  const id = await somebody(app, email);
  await app.parts.organizations.join(place, `user:${id}`, 'cli');
  await app.parts.access.assign(`user:${id}`, role, 'cli', { organization: place });
  const one = { id, email, key: await addKey(app, id), browser: newBrowser(app) };
  await enterWithKey(one, await one.browser.open('/admin'));
  return one;
}

describe('who has what', () => {
  it('is given after a preview of what is gained, within an organization and until a time, and taken', async () => {
    const id = await somebody(app, 'hugo@x.test');
    await app.parts.access.assign(`user:${id}`, 'reader', 'cli');
    await app.parts.organizations.add({ id: 'acme', name: 'Acme', domains: [], connections: [] }, 'cli');
    const form = await open('/admin/access/assignments/new?role=helper');
    assert.equal(fieldsOf(form).role, 'helper');
    const asked = { subject: 'hugo@x.test', organization: 'acme', until: '2099-01-31T18:00', role: 'helper' };
    const preview = await send(form, asked);
    assert.equal(title(preview), 'Give hugo@x.test the role helper');
    assert.match(preview.text, /does not count yet/);
    assert.deepEqual(rowsOf(preview), [['order', stock]], 'what is held already is no gain');
    const given = await send(preview, { step: 'save' });
    assert.equal(doneOf(given), 'hugo@x.test has the role helper.');
    const [one] = await app.parts.access.assignments({ role: 'helper' });
    assert.deepEqual([one?.organization, one?.until], ['acme', Date.parse('2099-01-31T18:00:00Z') / 1000]);
    await app.parts.organizations.join('acme', `user:${id}`, 'cli');
    assert.deepEqual(await permissionsOf(`user:${id}`, 'acme'), ['order', 'read']);
    const [, take = ''] = /href="([^"]+\/take)"[^>]*>Take<span class="said">: helper/.exec(given.text) ?? [];
    const question = await open(take);
    assert.match(title(question) ?? '', /helper.*hugo@x\.test/);
    assert.match(question.text, /organization acme only/);
    assert.equal(doneOf(await send(question)), 'hugo@x.test has the role helper no more.');
    assert.deepEqual(await permissionsOf(`user:${id}`, 'acme'), ['read']);
  });

  it('refuses nobody, no role, and a time that has come, with what was typed', async () => {
    const form = await open('/admin/access/assignments/new');
    for (const [fields, why] of [
      [{ subject: 'nobody@x.test', role: 'reader' }, /nobody@x\.test/],
      [{ subject: 'hugo@x.test', role: 'no-such-role' }, /no-such-role/],
      [{ subject: 'hugo@x.test', role: 'reader', until: 'tomorrow' }, /2030-01-31T18:00/],
    ] as const) {
      const page = await send(form, fields);
      assert.match(alertOf(page) ?? '', why);
      assert.equal(fieldsOf(page).subject, fields.subject);
    }
    const late = { subject: 'hugo@x.test', role: 'reader', until: '2001-01-01T00:00', step: 'save' };
    assert.match(alertOf(await send(form, late)) ?? '', /already have ended/);
    assert.match((await open('/admin/access/assignments?subject=nobody%40x.test')).text, /Nothing fits/);
  });

  it('sec-267 is for whoever looks after one organization what belongs to it, and nothing else', async () => {
    const { access, organizations } = app.parts;
    const permissions = ['assignments:read', 'assignments:write', 'users:read'].map(
      (one) => `urn:sallyport:admin#${one}`,
    );
    await access.saveRole({ id: 'local', permissions: [...permissions, ...on('read')], includes: [] }, 'cli');
    await organizations.add({ id: 'branch', name: 'Branch', domains: [], connections: [] }, 'cli');
    const member = await somebody(app, 'max@x.test');
    await organizations.join('branch', `user:${member}`, 'cli');
    const { browser } = await localAdministrator('lou@x.test', 'branch', 'local');
    const list = await browser.open('/admin/access');
    assert.equal(list.url.pathname, '/admin/access/assignments');
    assert.deepEqual(
      rowsOf(list).map(([subject, name]) => [subject, name]),
      [['lou@x.testPerson', 'local']],
    );
    assert.doesNotMatch(list.text, /href="\/admin\/access\/(why|groups|apis|roles)|href="\/admin\/access"[^>]*>Roles/);
    for (const path of ['roles/reader', 'roles/new', 'why', 'groups', 'apis']) {
      assert.equal((await browser.send('GET', `/admin/access/${path}`)).status, 403, path);
    }
    const form = await browser.open('/admin/access/assignments/new');
    assert.match(form.text, /Within the organization branch only/);
    await access.assign(`user:${member}`, 'reader', 'cli');
    const preview = await follow(browser, form, { subject: 'max@x.test', role: 'reader' });
    assert.deepEqual(rowsOf(preview), [['read', stock]]);
    assert.doesNotMatch(preview.text, /held already/, 'what is held outside is not told');
    await access.unassign(`user:${member}`, 'reader', 'cli');
    const given = await follow(browser, preview, { step: 'save' });
    assert.equal(doneOf(given), 'max@x.test has the role reader.');
    assert.equal((await access.assignmentsOf(`user:${member}`))[0]?.organization, 'branch');
    const beyond = await follow(browser, form, { subject: 'max@x.test', role: 'helper' });
    assert.deepEqual([beyond.status, /which you do not hold/.test(alertOf(beyond) ?? '')], [403, true]);
    const outside = await follow(browser, form, { subject: 'hugo@x.test', role: 'reader' });
    assert.equal(outside.status, 404);
  });
});

describe('why', () => {
  it('shows each way from a person, a client or a group to a permission, with subject, API and organization in the address', async () => {
    const { access, groups } = app.parts;
    const dora = await somebody(app, 'dora@x.test');
    await groups.save({ id: 'fleet', includes: [] }, 'cli');
    for (const one of [`user:${dora}`, 'client:demo-service']) await groups.join(one, 'fleet', 'cli');
    await access.assign('group:fleet', 'helper', 'cli');
    const query = `subject=dora%40x.test&api=${enc(stock)}`;
    const page = await open(`/admin/access/why?${query}`);
    assert.deepEqual(
      rowsOf(page).map(([permission, path]) => [permission, path]),
      [
        ['order', 'fleet → helper'],
        ['read', 'fleet → helper'],
      ],
    );
    for (const subject of ['group:fleet', 'demo-service']) {
      assert.equal(rowsOf(await open(`/admin/access/why?subject=${subject}&api=${enc(stock)}`)).length, 2, subject);
    }
    const within = `/admin/access/why?subject=max%40x.test&api=${enc(stock)}`;
    assert.match((await open(within)).text, /Nothing on this API/);
    assert.deepEqual(rowsOf(await open(`${within}&organization=branch`))[0]?.slice(0, 2), ['read', 'branch → reader']);
    assert.match(alertOf(await open('/admin/access/why?subject=nobody')) ?? '', /nobody/);
    assert.match((await open('/admin/access/why')).text, /Name a person/);
  });
});

describe('groups and APIs', () => {
  it('are made, changed, filled and removed; what two change at once is kept', async () => {
    const { groups, access } = app.parts;
    const made = await send(await open('/admin/access/groups/new'), { id: 'crew', 'g:fleet': 'yes' });
    assert.equal(doneOf(made), 'crew is saved.');
    assert.deepEqual((await groups.get('crew'))?.includes, ['fleet']);
    const joined = await send(await open('/admin/access/groups/crew/join'), { subject: 'hugo@x.test' });
    assert.equal(doneOf(joined), 'hugo@x.test is in crew.');
    assert.deepEqual(
      rowsOf(joined).map(([subject]) => subject),
      ['fleetGroup', 'hugo@x.testPerson'],
    );
    assert.match((await open('/admin/access/groups/fleet')).text, /Is in[\s\S]*groups\/crew"/);
    const edit = await open('/admin/access/groups/crew/edit');
    for (const id of ['night', 'day']) await groups.save({ id, includes: [] }, 'cli');
    await groups.save({ id: 'crew', includes: ['fleet', 'night'] }, 'cli');
    const lost = await send(edit, { 'g:day': 'yes' });
    assert.equal(lost.status, 412);
    await send(lost);
    assert.deepEqual((await groups.get('crew'))?.includes, ['day', 'fleet', 'night']);
    const circle = await send(await open('/admin/access/groups/fleet/edit'), { 'g:crew': 'yes' });
    assert.match(alertOf(circle) ?? '', /circle/);
    const [, out = ''] = /href="([^"]+)"[^>]*>Take out<span class="said">: hugo/.exec(joined.text) ?? [];
    assert.match(title(await open(out)) ?? '', /hugo@x\.test out of crew/);
    assert.equal(doneOf(await send(await open(out))), 'hugo@x.test is in crew no more.');
    assert.equal(doneOf(await send(await open('/admin/access/groups/crew/remove'))), 'The group crew is removed.');
    assert.equal(await groups.get('crew'), undefined);

    const id = 'https://api.example.test/fleet';
    const at = `/admin/access/apis/${enc(id)}`;
    const added = await send(await open('/admin/access/apis/new'), {
      ...{ id, permissions: 'fleet:read\r\nfleet:write', routes: 'GET /fleet/** = fleet:read', token_ttl: '60' },
    });
    assert.equal(doneOf(added), `${id} is saved.`);
    assert.deepEqual((await access.api(id))?.tokenTtl, 60);
    assert.match(added.text, /<code>GET \/fleet\/\*\*<\/code><\/th><td><code>fleet:read/);
    const form = await open(`${at}/edit`);
    await access.changeApi(id, (now) => ({ ...now, host: 'fleet.example.test' }), 'cli');
    const overtaken = await send(form, { token_ttl: '', token_format: 'jwt' });
    assert.equal(overtaken.status, 412);
    assert.match(overtaken.text, /Host is now: <strong>fleet\.example\.test/);
    await send(overtaken);
    const now = await access.api(id);
    assert.deepEqual([now?.host, now?.tokenTtl, now?.tokenFormat], ['fleet.example.test', undefined, 'jwt']);
    for (const [fields, why] of [
      [{ routes: 'GET /x = no:such' }, /not among the permissions/],
      [{ token_ttl: 'soon' }, /token_ttl|number/],
    ] as const) {
      const refused = await send(await open(`${at}/edit`), fields);
      assert.deepEqual([refused.status, why.test(alertOf(refused) ?? '')], [400, true], alertOf(refused));
    }
    assert.match(alertOf(await send(await open(`/admin/access/apis/${enc(stock)}/remove`))) ?? '', /used by/);
    assert.equal(doneOf(await send(await open(`${at}/remove`))), `The API ${id} is removed.`);
    assert.match((await open('/admin/search?q=fleet')).text, /href="\/admin\/access\/groups\/fleet"/);
  });
});
