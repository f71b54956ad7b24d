import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { patched, readOperations } from '../../src/scim/patch.ts';
import { groupKind, type Kind, userKind } from '../../src/scim/schemas.ts';
import { refusal } from '../support/parts.ts';

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const work = { value: 'a@work.example', type: 'work', primary: true };
const home = { value: 'a@home.example', type: 'home' };
const before = { userName: 'a', name: { givenName: 'Ada', familyName: 'Byron' }, active: true, emails: [work, home] };

const apply = (operations: object[], resource: object = before, kind: Kind = userKind) =>
  patched(kind, { ...resource }, readOperations({ Operations: operations }));

describe('PATCH of a person', () => {
  const rows: [name: string, operations: object[], changed: object][] = [
    ['"False", as Entra ID says it', [{ op: 'Replace', path: 'active', value: 'False' }], { active: false }],
    [
      'a list with one value, as its old jobs say it',
      [{ op: 'Replace', path: 'active', value: [{ $ref: null, value: 'False' }] }],
      { active: false },
    ],
    ['no path, as Okta says it', [{ op: 'replace', value: { active: false } }], { active: false }],
    [
      'dotted names without a path',
      [
        {
          op: 'Add',
          value: { 'name.givenName': 'Augusta', [`${enterprise}:department`]: 'Engines', title: 'Countess' },
        },
      ],
      {
        name: { givenName: 'Augusta', familyName: 'Byron' },
        [enterprise]: { department: 'Engines' },
        title: 'Countess',
      },
    ],
    [
      'names with a filter without a path',
      [{ op: 'Replace', value: { 'emails[type eq "work"].value': 'b@work.example' } }],
      { emails: [{ ...work, value: 'b@work.example' }, home] },
    ],
    [
      'one value by its type',
      [{ op: 'Replace', path: 'emails[type eq "work"].value', value: 'b@work.example' }],
      { emails: [{ ...work, value: 'b@work.example' }, home] },
    ],
    [
      'a type that is not there yet',
      [{ op: 'Replace', path: 'emails[type eq "other"].value', value: 'a@other.example' }],
      { emails: [work, home, { type: 'other', value: 'a@other.example' }] },
    ],
    [
      'the parts of an address that is not there yet',
      [
        { op: 'Add', path: 'addresses[type eq "work"].locality', value: 'London' },
        { op: 'Add', path: 'addresses[type eq "work"].country', value: 'GB' },
      ],
      { addresses: [{ type: 'work', locality: 'London', country: 'GB' }] },
    ],
    ['a value by its type that goes', [{ op: 'Remove', path: 'emails[type eq "home"].value' }], { emails: [work] }],
    ['a value that goes whole', [{ op: 'remove', path: 'emails[type eq "home"]' }], { emails: [work] }],
    ['all values', [{ op: 'remove', path: 'emails' }], { emails: undefined }],
    [
      'another value',
      [{ op: 'add', path: 'emails', value: [{ value: 'c@x.example', type: 'other' }] }],
      { emails: [work, home, { value: 'c@x.example', type: 'other' }] },
    ],
    ['the same value once', [{ op: 'add', path: 'emails', value: [home] }], { emails: [work, home] }],
    ['other values', [{ op: 'replace', path: 'emails', value: [home] }], { emails: [home] }],
    [
      'a new primary value, which takes that from the one before',
      [{ op: 'replace', path: 'emails[type eq "home"].primary', value: 'True' }],
      {
        emails: [
          { ...work, primary: false },
          { ...home, primary: true },
        ],
      },
    ],
    [
      'a part',
      [{ op: 'replace', path: 'name.familyName', value: 'King' }],
      { name: { givenName: 'Ada', familyName: 'King' } },
    ],
    [
      'parts that are named',
      [{ op: 'replace', path: 'name', value: { familyName: 'King' } }],
      { name: { givenName: 'Ada', familyName: 'King' } },
    ],
    ['a part that goes', [{ op: 'remove', path: 'name.familyName' }], { name: { givenName: 'Ada' } }],
    ['null', [{ op: 'replace', path: 'name', value: null }], { name: undefined }],
    [
      'an empty part, which is none',
      [{ op: 'replace', value: { name: { givenName: '' } } }],
      { name: { familyName: 'Byron' } },
    ],
    [
      'a manager that goes, as null and as an empty text',
      ['a', null, 'b', '', 'c', { value: null }, 'd', { value: '' }].map((value) => ({
        ...{ op: 'Replace', path: `${enterprise}:manager`, value },
      })),
      {},
    ],
    [
      'an address that goes by an empty text',
      [{ op: 'Replace', path: 'emails[type eq "home"].value', value: '' }],
      { emails: [work] },
    ],
    [
      'no address of a type that is not there yet',
      [{ op: 'Replace', path: 'emails[type eq "other"].value', value: '' }],
      {},
    ],
    [
      'the primary value that is not there yet',
      [
        { op: 'remove', path: 'emails' },
        { op: 'Add', path: 'emails[primary eq true].value', value: 'a@b.example' },
        { op: 'Add', path: 'phoneNumbers[type eq "work" and primary eq "True"].value', value: '1' },
      ],
      {
        emails: [{ primary: true, value: 'a@b.example' }],
        phoneNumbers: [{ type: 'work', primary: true, value: '1' }],
      },
    ],
    [
      'a manager, as Entra ID says it',
      [{ op: 'Add', path: `${enterprise}:manager`, value: 'usr_2' }],
      { [enterprise]: { manager: { value: 'usr_2' } } },
    ],
    [
      'an extension as a whole',
      [{ op: 'add', value: { [enterprise]: { division: 'Looms' } } }],
      { [enterprise]: { division: 'Looms' } },
    ],
    [
      'an extension by its name',
      [{ op: 'add', path: enterprise, value: { division: 'Looms' } }],
      { [enterprise]: { division: 'Looms' } },
    ],
    ['names in any case', [{ op: 'rePLACE', path: 'NickNAME', value: 'Al' }], { nickName: 'Al' }],
    [
      'sec-269 nothing that is not the client’s to set, or not known',
      [
        {
          op: 'add',
          value: {
            id: 'usr_9',
            meta: { version: 'x' },
            roles: ['administrator'],
            groups: ['x'],
            password: 'x',
            emailVerified: true,
          },
        },
      ],
      {},
    ],
    [
      'sec-269 nothing by a prototype',
      [{ op: 'add', value: JSON.parse('{"constructor": 1, "title": "x"}') }],
      { title: 'x' },
    ],
  ];
  for (const [name, operations, changed] of rows) {
    it(`takes ${name}`, () => {
      const expected = Object.fromEntries(
        Object.entries({ ...before, ...changed }).filter(([, one]) => one !== undefined),
      );
      assert.deepEqual(apply(operations), expected);
    });
  }

  const refusals: [name: string, operation: object, code: string][] = [
    ['an unknown attribute', { op: 'replace', path: 'favouriteColour', value: 'x' }, 'invalidPath'],
    ['a path that cannot be read', { op: 'replace', path: 'emails[type eq', value: 'x' }, 'invalidPath'],
    ['a filter on what is no list', { op: 'replace', path: 'name[givenName eq "Ada"]', value: 'x' }, 'invalidPath'],
    [
      'an unknown attribute in a filter',
      { op: 'replace', path: 'emails[colour eq "x"].value', value: 'x' },
      'invalidFilter',
    ],
    ['roles', { op: 'add', path: 'roles', value: ['administrator'] }, 'invalidPath'],
    ['a password', { op: 'replace', path: 'password', value: 'x' }, 'invalidPath'],
    ['the id', { op: 'replace', path: 'id', value: 'usr_9' }, 'mutability'],
    ['a part of meta', { op: 'replace', path: 'meta.version', value: 'x' }, 'mutability'],
    ['userName away', { op: 'remove', path: 'userName' }, 'mutability'],
    ['a removal without a path', { op: 'remove' }, 'noTarget'],
    [
      'a value that is not there',
      { op: 'replace', path: 'emails[value eq "x@x.example"].type', value: 'work' },
      'noTarget',
    ],
    [
      'a value that a filter does not describe',
      { op: 'add', path: 'emails[type ne "work" and type ne "home"].value', value: 'x' },
      'noTarget',
    ],
    ['no value', { op: 'replace', path: 'title' }, 'invalidValue'],
    ['another op', { op: 'move', path: 'title', value: 'x' }, 'invalidSyntax'],
    ['what is neither true nor false', { op: 'replace', path: 'active', value: 'perhaps' }, 'invalidValue'],
    ['an object for a text', { op: 'replace', path: 'title', value: { $ne: null } }, 'invalidValue'],
    ['a long text', { op: 'replace', path: 'title', value: 'x'.repeat(1001) }, 'invalidValue'],
    ['control characters', { op: 'replace', path: 'title', value: 'a\u0000b' }, 'invalidValue'],
    [
      'two primary values',
      { op: 'replace', path: 'emails', value: [work, { ...home, primary: true }] },
      'invalidValue',
    ],
  ];
  for (const [name, operation, code] of refusals) {
    it(`refuses ${name}: ${code}`, () => {
      assert.throws(() => apply([operation]), refusal(code));
    });
  }

  it('adds no more values than a list may have', () => {
    const some = (from: number) => Array.from({ length: 60 }, (_, at) => ({ value: `${from + at}@x.example` }));
    const twice = [0, 60].map((from) => ({ op: 'add', path: 'emails', value: some(from) }));
    assert.throws(() => apply(twice), refusal('invalidValue', /at most 100/));
    const types = Array.from({ length: 101 }, (_, at) => ({
      op: 'add',
      path: `ims[type eq "${at}"].value`,
      value: 'x',
    }));
    assert.throws(() => apply(types), refusal('invalidValue', /at most 100/));
  });

  it('refuses a body that is none', () => {
    for (const body of [
      undefined,
      [],
      {},
      { Operations: [] },
      { Operations: {} },
      { schemas: ['x'], Operations: [{}] },
    ]) {
      assert.throws(() => readOperations(body), refusal('invalidSyntax'));
    }
  });
});

describe('PATCH of a group', () => {
  const group = { displayName: 'G', members: ['a', 'b', 'c'].map((value) => ({ value, type: 'User' })) };
  const left = (operation: object): unknown[] => {
    const { members } = apply([operation], group, groupKind);
    return Array.isArray(members) ? members.map(({ value }) => value) : [];
  };
  it('adds and removes members in every way that is in use', () => {
    const twice = [{ $ref: null, value: 'd' }, { value: 'a' }];
    assert.deepEqual(left({ op: 'Add', path: 'members', value: twice }), ['a', 'b', 'c', 'd']);
    assert.deepEqual(left({ op: 'Add', path: 'members', value: [{ $ref: null, value: 'd' }] }), ['a', 'b', 'c', 'd']);
    assert.deepEqual(left({ op: 'Remove', path: 'members', value: [{ $ref: null, value: 'b' }] }), ['a', 'c']);
    assert.deepEqual(left({ op: 'remove', path: 'members[value eq "b"]' }), ['a', 'c']);
    assert.deepEqual(left({ op: 'remove', path: 'members[value eq "b" or value eq "c"]' }), ['a']);
    assert.deepEqual(left({ op: 'remove', path: 'members[value eq "z"]' }), ['a', 'b', 'c']);
    assert.deepEqual(left({ op: 'remove', path: 'members' }), []);
    assert.deepEqual(left({ op: 'replace', path: 'members', value: [{ value: 'z', display: 'Zoe' }] }), ['z']);
    assert.deepEqual(left({ op: 'replace', value: { id: 'x', displayName: 'H' } }), ['a', 'b', 'c']);
  });
});
