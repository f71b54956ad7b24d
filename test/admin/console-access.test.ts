import assert from 'node:assert/strict';
import { after, before, describe, it, mock } from 'node:test';
import { explain } from '../../src/directory/explain.ts';
import { doneOf, somebody } from '../support/account.ts';
import { type AdminApi, adminApi, adminToken } from '../support/admin.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { alertOf, type Page, textOf } from '../support/browser.ts';
import { type Administrator, atConsole, enterWithKey } from '../support/console.ts';
import { follow, rowsOf } from '../support/console-forms.ts';

const stock = 'https://api.example.test/stock';
const on = (...names: string[]): string[] => names.map((name) => `${stock}#${name}`);
const enc = encodeURIComponent;

let app: TestApp;
let api: AdminApi;
let ada: Administrator;
before(async () => {
  app = await startApp();
  [ada, api] = [await atConsole(app, 'ada@x.test'), adminApi(app, await adminToken(app))];
  const permissions = ['read', 'write', 'count', 'order', 'close'];
  await app.parts.access.saveApi(
    { id: stock, permissions, tokenFormat: 'opaque', signingAlg: 'RS256', routes: [] },
    'cli',
  );
});
after(() => app.close());

async function role(id: string, own: string[], includes: string[] = []): Promise<string> {
  await app.parts.access.saveRole({ id, permissions: on(...own), includes }, 'cli');
  return id;
}
const kept = async (id: string) => app.parts.access.role(id);
const permissionsOf = async (subject: string, place?: string) => [
  ...new Set((await explain(app.parts, subject, stock, place)).paths.map(({ permission }) => permission)),
];
const open = (path: string) => ada.browser.open(path);
/** The form of this page, with these boxes other than they are. */
const send = (page: Page, fields: Record<string, string | undefined> = {}) => follow(ada.browser, page, fields);
const title = (page: Page) => textOf(page, '<h1');

describe('the matrix of roles', () => {
  it('says what the store says, for own and included permissions, whatever their order', async () => {
    await role('m-base', ['read']);
    await role('m-middle', ['count'], ['m-base']);
    await role('m-top', ['read', 'close'], ['m-middle']);
    await role('m-none', []);
    const page = await open(`/admin/access?api=${enc(stock)}&q=m-`);
    assert.equal(title(page), 'Roles');
    assert.match(page.text, /<th scope="col"><code>read<\/code><\/th><th scope="col"><code>write<\/code>/);
    const from = (name: string) => `from ${name}`;
    assert.deepEqual(rowsOf(page), [
      ['m-base', 'own', '', '', '', ''],
      ['m-middle', from('m-base'), '', 'own', '', ''],
      ['m-none', '', '', '', '', ''],
      ['m-top', 'own', '', from('m-middle'), '', 'own'],
    ]);
    // The same by what a member of a group holds that has the role.
    for (const [id = '', ...cells] of rowsOf(page)) {
      await app.parts.groups.save({ id: `g-${id}`, includes: [] }, 'cli');
      await app.parts.access.assign(`group:g-${id}`, id, 'cli');
      const { entitlements } = await app.parts.decide.held(`group:g-${id}`, stock);
      assert.equal(cells.filter((cell) => cell !== '').length, entitlements.length, id);
    }
    const some = await open(`/admin/access?api=${enc(stock)}&q=m-&only=holding`);
    assert.deepEqual(
      rowsOf(some).map(([id]) => id),
      ['m-base', 'm-middle', 'm-top'],
    );
    assert.match((await open('/admin/access?q=nothing-is-called-so')).text, /Nothing fits/);
  });

  it('is shown in parts, and each part goes on with what was asked', async () => {
    for (let at = 0; at < 51; at += 1) await role(`page-${String(at).padStart(2, '0')}`, []);
    const first = await open(`/admin/access?api=${enc(stock)}&q=page-`);
    assert.equal(rowsOf(first).length, 50);
    const [, next = ''] = /href="([^"]+)">Next page/.exec(first.text) ?? [];
    assert.deepEqual(rowsOf(await open(next.replaceAll('&amp;', '&'))), [['page-50', '', '', '', '', '']]);
    for (let at = 0; at < 51; at += 1) await app.parts.access.removeRole(`page-${String(at).padStart(2, '0')}`, 'cli');
  });
});

describe('a role', () => {
  it('is made with boxes, and shows what it holds, includes and is included by, and who has it', async () => {
    await role('packer', ['count']);
    const form = await open('/admin/access/roles/new');
    const boxes = { id: 'sender', [`p:${stock}#read`]: 'yes', 'r:packer': 'yes' };
    const made = await send(form, boxes);
    assert.equal(doneOf(made), 'sender is saved.');
    assert.deepEqual(await kept('sender'), { id: 'sender', permissions: on('read'), includes: ['packer'] });
    assert.deepEqual(rowsOf(made), [
      ['count', 'from packer'],
      ['read', 'own'],
    ]);
    assert.match((await open('/admin/access/roles/packer')).text, /Included by[\s\S]*roles\/sender"/);
    const person = await somebody(app, 'sam@x.test');
    await app.parts.access.assign(`user:${person}`, 'sender', 'cli');
    assert.match((await open('/admin/access/roles/sender/holders')).text, /sam@x\.test/);
    assert.match((await open('/admin/access/roles/sender/audit')).text, /class="sentence"/);
    const again = await send(form, boxes);
    assert.deepEqual([again.status, /already in use/.test(alertOf(again) ?? '')], [409, true]);
    assert.match(again.text, new RegExp(`name="p:${stock}#read" value="yes" checked`));
  });

  it('loses none of very many boxes', async () => {
    const id = 'https://api.example.test/many';
    const permissions = Array.from({ length: 1200 }, (_, at) => `p${at}`);
    const all = permissions.map((name) => `${id}#${name}`);
    await app.parts.access.saveApi({ id, permissions, tokenFormat: 'opaque', signingAlg: 'RS256', routes: [] }, 'cli');
    await app.parts.access.saveRole({ id: 'holds-many', permissions: all.slice(1), includes: [] }, 'cli');
    const preview = await send(await open('/admin/access/roles/holds-many/edit'), { [`p:${all[0]}`]: 'yes' });
    assert.equal(rowsOf(preview).length, 1);
    assert.equal(doneOf(await send(preview, { step: 'save' })), 'holds-many is saved.');
    assert.equal((await kept('holds-many'))?.permissions.length, 1200);
    const most = new URLSearchParams(Array.from({ length: 10_001 }, (_, at) => [`x${at}`, '']));
    assert.equal((await ada.browser.send('POST', '/admin/access/roles/holds-many/edit', String(most))).status, 413);
    await app.parts.access.removeRole('holds-many', 'cli');
    await app.parts.access.removeApi(id, 'cli');
  });

  it('is changed after a preview that comes true', async () => {
    await role('driver', ['read', 'count']);
    await role('chief', ['order', 'read'], ['driver']);
    const [dora, carl] = await Promise.all(['dora@x.test', 'carl@x.test'].map((one) => somebody(app, one)));
    await app.parts.groups.save({ id: 'fleet', includes: [] }, 'cli');
    await app.parts.groups.join(`user:${dora}`, 'fleet', 'cli');
    await app.parts.groups.join('client:demo-service', 'fleet', 'cli');
    await app.parts.access.assign('group:fleet', 'driver', 'cli');
    await app.parts.access.assign(`user:${carl}`, 'chief', 'cli');
    const body = { permissions: on('count', 'order') };
    const said = (await api.send('POST', '/roles/driver/preview', body)).body;
    assert.deepEqual(
      [said.gained, said.lost, said.included_by, said.people, said.clients, said.more],
      [on('order'), on('read'), [{ id: 'chief', gained: [], lost: [] }], 2, 1, false],
    );
    const form = await open('/admin/access/roles/driver/edit');
    const preview = await send(form, { [`p:${stock}#order`]: 'yes', [`p:${stock}#read`]: undefined });
    assert.match(preview.text, /2 people and one client/);
    assert.deepEqual(rowsOf(preview), [
      ['order', 'Gained', stock],
      ['read', 'Lost', stock],
    ]);
    assert.deepEqual((await kept('driver'))?.permissions, on('read', 'count'), 'nothing is done yet');
    const before = await Promise.all([dora, carl].map((id) => permissionsOf(`user:${id}`)));
    const back = await send(preview, { step: 'form' });
    assert.match(back.text, new RegExp(`name="p:${stock}#order" value="yes" checked`));
    assert.equal(doneOf(await send(preview, { step: 'save' })), 'driver is saved.');
    const now = await Promise.all([dora, carl].map((id) => permissionsOf(`user:${id}`)));
    assert.deepEqual(before, [
      ['count', 'read'],
      ['count', 'order', 'read'],
    ]);
    assert.deepEqual(now, [
      ['count', 'order'],
      ['count', 'order', 'read'],
    ]);
  });

  it('that two change at once loses nothing: what only one touched stays, and both are told', async () => {
    await role('shared', ['read']);
    const mine = await open('/admin/access/roles/shared/edit');
    await app.parts.access.saveRole({ id: 'shared', permissions: on('read', 'close'), includes: ['packer'] }, 'cli');
    const lost = await send(mine, { [`p:${stock}#write`]: 'yes' });
    assert.equal(lost.status, 412);
    assert.match(lost.text, /<code>close<\/code> \([^)]+\) is now: <strong>Yes/);
    assert.match(lost.text, /packer is now: <strong>Yes/);
    const saved = await send(await send(lost), { step: 'save' });
    assert.equal(doneOf(saved), 'shared is saved.');
    const { permissions = [], includes } = (await kept('shared')) ?? {};
    assert.deepEqual([permissions.toSorted(), includes], [on('close', 'read', 'write'), ['packer']]);
    // Between the preview and the deed somebody may come, too; and going back to the form does not hide it.
    const preview = await send(await open('/admin/access/roles/shared/edit'), { [`p:${stock}#order`]: 'yes' });
    await role('shared', ['read']);
    assert.equal((await send(preview, { step: 'save' })).status, 412);
    assert.equal((await send(await send(preview, { step: 'form' }))).status, 412);
    assert.deepEqual((await kept('shared'))?.permissions, on('read'));
  });

  it('is as it was ticked when a sign-in comes between', async () => {
    await role('slow', ['read', 'write']);
    const eva = await atConsole(app, 'eva@x.test');
    const form = await eva.browser.open('/admin/access/roles/slow/edit');
    mock.timers.enable({ apis: ['Date'], now: Date.now() + 16 * 60_000 });
    const ticked = { [`p:${stock}#order`]: 'yes', [`p:${stock}#read`]: undefined };
    const late = await follow(eva.browser, form, ticked);
    assert.deepEqual([late.status, title(late)], [403, 'Confirm that it is you']);
    // Somebody else does partly the same meanwhile.
    const permissions = on('read', 'write', 'close', 'order');
    await app.parts.access.saveRole({ id: 'slow', permissions, includes: [] }, 'cli');
    const again = await enterWithKey(eva, await eva.browser.open('/admin/access/roles/slow/edit'));
    assert.equal(again.url.pathname, '/admin/access/roles/slow/edit');
    await follow(eva.browser, await follow(eva.browser, again), { step: 'save' });
    mock.timers.reset();
    assert.deepEqual((await kept('slow'))?.permissions.toSorted(), on('close', 'order', 'write'));
  });

  it('or another form loses nothing of a long list when a sign-in comes between', async () => {
    const redirects = Array.from({ length: 12 }, (_, at) => `https://application.example.test/a/long/address/${at}`);
    const metadata = { grant_types: ['authorization_code'], redirect_uris: redirects };
    const { client } = await app.parts.clients.add({ id: 'many-ways', metadata }, 'cli');
    const ivy = await atConsole(app, 'ivy@x.test');
    const at = `/admin/applications/${client.id}/edit`;
    const form = await ivy.browser.open(at);
    mock.timers.enable({ apis: ['Date'], now: Date.now() + 16 * 60_000 });
    assert.equal((await follow(ivy.browser, form, { name: 'Many ways' })).status, 403);
    const again = await enterWithKey(ivy, await ivy.browser.open(at));
    assert.equal(doneOf(await follow(ivy.browser, again)), 'Many ways is saved.');
    mock.timers.reset();
    assert.deepEqual((await app.parts.clients.get(client.id))?.metadata.redirect_uris, redirects);
  });

  it('is not made of what cannot be, and the page says so before anything is saved', async () => {
    await role('inner', ['read']);
    await role('outer', [], ['inner']);
    const circle = await send(await open('/admin/access/roles/inner/edit'), { 'r:outer': 'yes' });
    assert.deepEqual([circle.status, title(circle)], [400, 'Change the role inner']);
    assert.match(alertOf(circle) ?? '', /circle: inner → outer → inner/);
    assert.match(circle.text, /name="r:outer" value="yes" checked/);
    const removed = await send(await open('/admin/access/roles/inner/remove'));
    assert.match(alertOf(removed) ?? '', /used by the roles outer/);
    assert.doesNotMatch((await open('/admin/access/roles/administrator')).text, /administrator\/(edit|remove)"/);
    for (const deed of ['edit', 'remove']) {
      const refused = await send(await open(`/admin/access/roles/administrator/${deed}`));
      assert.match(alertOf(refused) ?? '', /part of this server and cannot be changed/, deed);
    }
    assert.deepEqual((await kept('inner'))?.includes, []);
  });

  it('sec-270 gives nobody what its maker may not give, and the preview says no more than the deed would', async () => {
    const limited = await role('limited', []);
    const permissions = ['roles:read', 'roles:write', 'apis:read'].map((one) => `urn:sallyport:admin#${one}`);
    await app.parts.access.saveRole({ id: limited, permissions, includes: [] }, 'cli');
    const mia = await atConsole(app, 'mia@x.test', limited);
    const form = await mia.browser.open('/admin/access/roles/new');
    const refused = await follow(mia.browser, form, { id: 'crown', 'p:urn:sallyport:admin#keys:write': 'yes' });
    assert.deepEqual([refused.status, await kept('crown')], [403, undefined]);
    // Their own role, and through it themselves.
    const own = await mia.browser.open(`/admin/access/roles/${limited}/edit`);
    for (const step of ['preview', 'save']) {
      const more = await follow(mia.browser, own, { [`p:${stock}#write`]: 'yes', step });
      assert.deepEqual([more.status, /yourself/.test(alertOf(more) ?? '')], [403, true], step);
    }
    assert.deepEqual((await kept(limited))?.permissions, permissions);
  });

  it('is taken from everybody when it is removed, after a page that says from how many', async () => {
    const [id, one] = [await role('gone', ['read']), await somebody(app, 'gil@x.test')];
    await app.parts.access.assign(`user:${one}`, id, 'cli');
    const page = await open(`/admin/access/roles/${id}/remove`);
    assert.match(page.text, /one person and 0 clients/);
    assert.equal(doneOf(await send(page)), 'The role gone is removed.');
    assert.deepEqual(await permissionsOf(`user:${one}`), []);
  });
});

describe('the preview of a change of a role', () => {
  it('refuses what would leave nobody to administer', async () => {
    const { access } = app.parts;
    await access.saveRole({ id: 'owner', permissions: [], includes: ['administrator'] }, 'cli');
    const others = (await access.assignments({ role: 'administrator' })).filter(({ subject }) =>
      subject.startsWith('user:'),
    );
    await access.assign(`user:${ada.id}`, 'owner', 'cli');
    for (const { id } of others) await access.take(id, 'cli');
    const without = { includes: [] };
    const [said, done] = [
      await api.send('POST', '/roles/owner/preview', without),
      await api.send('PATCH', '/roles/owner', without),
    ];
    for (const { status, body } of [said, done]) assert.deepEqual([status, body.code], [409, 'last_administrator']);
    for (const { subject } of others) await access.assign(subject, 'administrator', 'cli');
    assert.equal((await api.send('POST', '/roles/owner/preview', without)).status, 200);
  });

  it('counts people once, and those only for whom it counts now', async () => {
    const { access, groups, organizations } = app.parts;
    await role('counted', ['read']);
    await role('counted-more', [], ['counted']);
    const [one, two, three] = await Promise.all(['c1@x.test', 'c2@x.test', 'c3@x.test'].map((to) => somebody(app, to)));
    for (const id of ['c-outer', 'c-inner']) await groups.save({ id, includes: [] }, 'cli');
    await groups.save({ id: 'c-outer', includes: ['c-inner'] }, 'cli');
    await groups.join(`user:${one}`, 'c-inner', 'cli');
    await groups.join(`user:${two}`, 'c-inner', 'cli');
    await access.assign('group:c-outer', 'counted-more', 'cli');
    await access.assign(`user:${one}`, 'counted', 'cli');
    await organizations.add({ id: 'c-place', name: 'C', domains: [], connections: [] }, 'cli');
    await access.assign(`user:${three}`, 'counted', 'cli', { organization: 'c-place' });
    const counted = async () => (await api.send('POST', '/roles/counted/preview', {})).body.people;
    assert.equal(await counted(), 2, 'who is no member of the organization holds nothing by it');
    await organizations.join('c-place', `user:${three}`, 'cli');
    assert.equal(await counted(), 3);
  });
});
