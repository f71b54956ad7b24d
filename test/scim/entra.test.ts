import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import {
  enterprise,
  errorSchema,
  groupSchema,
  listSchema,
  pushingOrganization,
  type ScimClient,
  userSchema,
} from '../support/scim.ts';

let app: TestApp;
let entra: ScimClient;
before(async () => {
  app = await startApp();
  entra = await pushingOrganization(app, 'contoso', 'contoso.example');
});
after(() => app.close());

const query = (text: string) => encodeURIComponent(text);
const events = async (target: string) =>
  (await app.parts.trail.search({ target }, { limit: 100 })).map(({ type, actor }) => `${type} ${actor}`);

/** The requests of Microsoft's "Tutorial: Develop and plan provisioning for a SCIM endpoint", as it prints them. */
describe('Entra ID', () => {
  let id = '';
  const userName = 'Test_User_00aa00aa-bb11-cc22-dd33-44ee44ee44ee';
  const email = 'Test_User_11bb11bb-cc22-dd33-ee44-55ff55ff55ff@contoso.example';

  it('tries the connection: somebody who is not there, and what the server can do', async () => {
    const { status, headers, body } = await entra.get(`/Users?filter=userName+eq+"${crypto.randomUUID()}"`);
    assert.equal(status, 200);
    assert.match(headers.get('content-type') ?? '', /^application\/scim\+json/);
    assert.deepEqual(body, { schemas: [listSchema], totalResults: 0, startIndex: 1, itemsPerPage: 0, Resources: [] });
    const schemas = await entra.get('/Schemas');
    assert.equal(schemas.body.totalResults, 3);
    const ids = schemas.body.Resources.map((one: { id: string }) => one.id);
    assert.deepEqual(ids, [userSchema, enterprise, groupSchema]);
    assert.doesNotMatch(JSON.stringify(schemas.body), /password|null/);
  });

  it('makes a person', async () => {
    const sent = `{
    "schemas": [
        "urn:ietf:params:scim:schemas:core:2.0:User",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
    "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
    "userName": "${userName}",
    "active": true,
    "emails": [{
        "primary": true,
        "type": "work",
        "value": "${email}"
    }],
    "meta": {
        "resourceType": "User"
    },
    "name": {
        "formatted": "givenName familyName",
        "familyName": "familyName",
        "givenName": "givenName"
    },
    "roles": []
}`;
    const { status, headers, body } = await entra.send('POST', '/Users', sent);
    assert.equal(status, 201, JSON.stringify(body));
    id = body.id;
    const { created, lastModified, version, ...meta } = body.meta;
    assert.deepEqual(meta, { resourceType: 'User', location: `${app.issuer}/scim/v2/contoso/Users/${id}` });
    assert.match(created, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.ok(lastModified >= created);
    assert.deepEqual([headers.get('location'), headers.get('etag')], [meta.location, version]);
    assert.deepEqual(body, {
      schemas: [userSchema],
      id,
      externalId: '0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef',
      userName,
      active: true,
      emails: [{ primary: true, type: 'work', value: email }],
      name: { formatted: 'givenName familyName', familyName: 'familyName', givenName: 'givenName' },
      meta: body.meta,
    });
    const user = await app.parts.users.get(id);
    assert.deepEqual([user?.email, user?.emailVerified, user?.state], [email.toLowerCase(), true, 'active']);
    assert.deepEqual([user?.profile.given_name, user?.profile.name], ['givenName', 'givenName familyName']);
    assert.deepEqual(await app.parts.organizations.of(`user:${id}`), ['contoso']);
    assert.deepEqual(await events(`user:${id}`), ['user.created scim:contoso', 'organization.joined scim:contoso']);
  });

  it('finds the person by what it matches on', async () => {
    const filters = [
      `userName eq "${userName}"`,
      `userName eq "${userName.toUpperCase()}"`,
      `emails[type eq "work"].value eq "${email}"`,
      'externalId eq "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"',
      `id eq "${id}"`,
    ];
    for (const filter of filters) {
      const { body } = await entra.get(`/Users?filter=${query(filter)}`);
      assert.deepEqual([body.totalResults, body.Resources[0]?.id, body.Resources[0]?.active], [1, id, true], filter);
    }
    const missing = await entra.get('/Users/5171a35d82074e068ce2');
    assert.deepEqual([missing.status, missing.body.schemas, missing.body.status], [404, [errorSchema], '404']);
  });

  it('changes the person, in lists and in single values', async () => {
    const lists = await entra.send(
      'PATCH',
      `/Users/${id}`,
      `{
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    "Operations": [
            {
            "op": "Replace",
            "path": "emails[type eq \\"work\\"].value",
            "value": "updatedEmail@contoso.example"
            },
            {
            "op": "Replace",
            "path": "name.familyName",
            "value": "updatedFamilyName"
            }
    ]
}`,
    );
    assert.equal(lists.status, 200, JSON.stringify(lists.body));
    assert.equal(lists.body.name.familyName, 'updatedFamilyName');
    assert.deepEqual(lists.body.emails, [{ primary: true, type: 'work', value: 'updatedEmail@contoso.example' }]);
    const single = await entra.send(
      'PATCH',
      `/Users/${id}`,
      `{
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    "Operations": [{
        "op": "Replace",
        "path": "userName",
        "value": "5b50642d-79fc-4410-9e90-4c077cdd1a59@contoso.example"
    }, {
        "op": "Add",
        "path": "${enterprise}:department",
        "value": "Retail"
    }]
}`,
    );
    assert.equal(single.body.userName, '5b50642d-79fc-4410-9e90-4c077cdd1a59@contoso.example');
    assert.deepEqual(single.body[enterprise], { department: 'Retail' });
    assert.deepEqual(single.body.schemas, [userSchema, enterprise]);
    const user = await app.parts.users.get(id);
    assert.deepEqual([user?.email, user?.emailVerified], ['updatedemail@contoso.example', true]);
    assert.equal(user?.profile.family_name, 'updatedFamilyName');
  });

  it('pushes a group without asking for its members, and without getting them', async () => {
    const made = await entra.send(
      'POST',
      '/Groups',
      `{
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group", "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
    "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
    "displayName": "Böse Katzen",
    "meta": {
        "resourceType": "Group"
    }
}`,
    );
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const group = made.body.id;
    assert.deepEqual(made.body, {
      ...{ schemas: [groupSchema], id: group, externalId: '8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159' },
      ...{ displayName: 'Böse Katzen', members: [], meta: made.body.meta },
    });
    assert.ok(await app.parts.groups.get('contoso:Bose-Katzen'));
    const found = await entra.get(`/Groups?excludedAttributes=members&filter=${query('displayName eq "Böse Katzen"')}`);
    assert.deepEqual([found.body.totalResults, found.body.Resources[0].members], [1, undefined]);
    const add = `{
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    "Operations": [{
        "op": "Add",
        "path": "members",
        "value": [{
            "$ref": null,
            "value": "${id}"
        }]
    }]
}`;
    const added = await entra.send('PATCH', `/Groups/${group}`, add);
    assert.deepEqual([added.status, added.body], [204, '']);
    const reference = query(`id eq "${group}" and members eq "${id}"`);
    assert.equal((await entra.get(`/Groups?excludedAttributes=members&filter=${reference}`)).body.totalResults, 1);
    assert.equal((await entra.get(`/Groups/${group}?excludedAttributes=members`)).body.members, undefined);
    assert.deepEqual((await entra.get(`/Groups/${group}`)).body.members, [
      { value: id, $ref: `${app.issuer}/scim/v2/contoso/Users/${id}`, type: 'User' },
    ]);
    assert.deepEqual(await app.parts.groups.of(`user:${id}`), ['contoso:Bose-Katzen']);
    const removed = await entra.send('PATCH', `/Groups/${group}`, add.replace('"Add"', '"Remove"'));
    assert.equal(removed.status, 204);
    assert.deepEqual(await app.parts.groups.of(`user:${id}`), []);
    const renamed = `{
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    "Operations": [{
        "op": "Replace",
        "path": "displayName",
        "value": "1879db59-3bdf-4490-ad68-ab880a269474updatedDisplayName"
    }]
}`;
    assert.equal((await entra.send('PATCH', `/Groups/${group}`, renamed)).status, 204);
    assert.equal((await entra.send('DELETE', `/Groups/${group}`)).status, 204);
    assert.equal((await entra.get(`/Groups/${group}`)).status, 404);
    assert.equal(await app.parts.groups.get('contoso:Bose-Katzen'), undefined);
  });

  it('disables the person, who is still found, and removes the person for good', async () => {
    const disable = `{
    "Operations": [
        {
            "op": "Replace",
            "path": "active",
            "value": false
        }
    ],
    "schemas": [
        "urn:ietf:params:scim:api:messages:2.0:PatchOp"
    ]
}`;
    const disabled = await entra.send('PATCH', `/Users/${id}`, disable);
    assert.deepEqual([disabled.status, disabled.body.active], [200, false]);
    const name = query('userName eq "5b50642d-79fc-4410-9e90-4c077cdd1a59@contoso.example"');
    assert.equal((await entra.get(`/Users?filter=${name}`)).body.Resources[0].active, false);
    assert.equal((await entra.send('DELETE', `/Users/${id}`)).status, 204);
    assert.equal((await entra.send('DELETE', `/Users/${id}`)).status, 404);
    assert.equal((await entra.get(`/Users?filter=${name}`)).body.totalResults, 0);
    assert.equal(await app.parts.users.get(id), undefined);
    const told = await events(`user:${id}`);
    assert.ok(told.includes('user.disabled scim:contoso') && told.includes('user.removed scim:contoso'), String(told));
  });

  it('passes its validator: every attribute at once, then each replaced where it was not there', async () => {
    const made = await entra.send('POST', '/Users', {
      ...{ userName: 'oren.collins@contoso.example', active: true, displayName: 'BIWKPVRKTWTH' },
      schemas: [userSchema],
    });
    const types = ['work', 'home', 'other'];
    const operations = [
      ...types.map((type) => ({
        op: 'replace',
        path: `emails[type eq "${type}"].value`,
        value: `${type}@contoso.example`,
      })),
      ...types.map((type) => ({ op: 'replace', path: `emails[type eq "${type}"].display`, value: `D ${type}` })),
      { op: 'add', path: 'emails[type eq "work"].primary', value: false },
      { op: 'replace', path: 'emails[type eq "home"].primary', value: true },
      { op: 'add', path: 'phoneNumbers[type eq "fax"].value', value: '6-555-7894' },
      { op: 'replace', path: 'addresses[type eq "work"].streetAddress', value: '48 Rue' },
      {
        op: 'replace',
        value: { 'name.givenName': 'Aric', nickName: 'RY', timezone: 'America/Halifax', active: 'True' },
      },
      { op: 'add', path: `${enterprise}:manager`, value: made.body.id },
    ];
    const patched = await entra.send('PATCH', `/Users/${made.body.id}`, { Operations: operations });
    assert.equal(patched.status, 200, JSON.stringify(patched.body));
    const { emails, phoneNumbers, addresses, name, nickName, timezone, active } = patched.body;
    assert.deepEqual(emails, [
      { type: 'work', value: 'work@contoso.example', display: 'D work', primary: false },
      { type: 'home', value: 'home@contoso.example', display: 'D home', primary: true },
      { type: 'other', value: 'other@contoso.example', display: 'D other' },
    ]);
    assert.deepEqual(
      [phoneNumbers, addresses],
      [[{ type: 'fax', value: '6-555-7894' }], [{ type: 'work', streetAddress: '48 Rue' }]],
    );
    assert.deepEqual([name, nickName, timezone, active], [{ givenName: 'Aric' }, 'RY', 'America/Halifax', true]);
    assert.deepEqual(patched.body[enterprise].manager, { value: made.body.id });
    // Not the first of several addresses, so it is looked for among all.
    assert.equal((await entra.get(`/Users?filter=${query('emails eq "other@contoso.example"')}`)).body.totalResults, 1);
    const again = await entra.send('POST', '/Users', {
      schemas: [userSchema],
      userName: 'OREN.collins@contoso.example',
    });
    assert.deepEqual([again.status, again.body.scimType], [409, 'uniqueness']);
  });
});
