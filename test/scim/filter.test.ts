import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accepted } from '../../src/scim/accepted.ts';
import { equalities, readFilter } from '../../src/scim/filter.ts';
import { matcher } from '../../src/scim/matching.ts';
import { groupKind, userKind } from '../../src/scim/schemas.ts';
import { shown } from '../../src/scim/shown.ts';
import { refusal } from '../support/parts.ts';

const ada = {
  schemas: [userKind.schema.id],
  id: 'usr_1',
  userName: 'Ada@corp.example',
  externalId: 'X-1',
  name: { givenName: 'Ada', familyName: 'Byron' },
  title: 'Countess',
  active: true,
  emails: [
    { value: 'ada@corp.example', type: 'work', primary: true },
    { value: 'ada@home.example', type: 'home' },
  ],
  'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { department: 'Engines', manager: { value: 'usr_2' } },
  meta: { resourceType: 'User', lastModified: '2030-05-13T04:42:34.000Z' },
};
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

describe('a filter (RFC 7644 §3.4.2.2)', () => {
  const rows: [filter: string, fits: boolean][] = [
    // The examples of the RFC, as far as they speak of attributes that are here.
    ['userName eq "ada@corp.example"', true],
    ['name.familyName co "YRO"', true],
    ['userName sw "A"', true],
    ['urn:ietf:params:scim:schemas:core:2.0:User:userName sw "ada"', true],
    ['title pr', true],
    ['userType pr', false],
    ['name pr and emails pr and meta pr', true],
    ['addresses pr', false],
    ['meta.lastModified gt "2030-05-13T04:42:33Z"', true],
    ['meta.lastModified ge "2030-05-13T04:42:34Z"', true],
    ['meta.lastModified lt "2030-05-13T04:42:34Z"', false],
    ['meta.lastModified le "2030-05-13T06:42:34+02:00"', true],
    ['title pr and userType eq "Employee"', false],
    ['title pr or userType eq "Intern"', true],
    ['schemas eq "urn:ietf:params:scim:schemas:core:2.0:User"', true],
    ['active eq true and (emails co "corp.example" or emails.value co "example.org")', true],
    ['userName ne "Bob" and not (emails co "example.com" or emails.value co "example.org")', true],
    ['active eq true and not (emails.type eq "work")', false],
    ['emails[type eq "work" and value co "@home.example"]', false],
    ['emails[type eq "home" and value co "@home.example"]', true],
    ['emails[type eq "pager"] or name[givenName eq "Ada"]', true],
    // As Entra ID and Okta ask.
    ['emails[type eq "work"].value eq "ada@corp.example"', true],
    ['emails[type eq "work"].value eq "ada@home.example"', false],
    ['emails[primary eq "True"].value eq "ada@corp.example"', true],
    [`id eq "usr_1" and ${enterprise}:manager eq "usr_2"`, true],
    [`${enterprise}:department ew "INES"`, true],
    ['externalId eq "x-1"', false],
    ['externalId eq "X-1"', true],
    ['USERNAME Eq "ada@corp.example" AND Active eq true', true],
    ['title ne null', true],
    ['title eq null', false],
    ['nickName eq null', true],
    ['nickName ne "Al"', true],
    // and binds more tightly than or.
    ['title eq "x" and title eq "y" or userName sw "ada"', true],
    ['userName sw "ada" or title eq "x" and title eq "y"', true],
    ['(userName sw "ada" or title eq "x") and title eq "y"', false],
    ['title eq "Count\\u0065ss"', true],
    ['title gt "A" and title lt "D" and title ge "countess" and title le "countess"', true],
  ];
  for (const [text, fits] of rows) {
    it(`${fits ? 'fits' : 'does not fit'}: ${text}`, () => {
      assert.equal(matcher(userKind, readFilter(text))(ada), fits);
    });
  }

  it('fits a group by a member', () => {
    const group = { displayName: 'Engines', members: [{ value: 'usr_1', type: 'User' }] };
    for (const text of ['members eq "usr_1"', 'members[value eq "usr_1"]', 'members.value eq "usr_1"']) {
      assert.equal(matcher(groupKind, readFilter(text))(group), true, text);
    }
    assert.equal(matcher(groupKind, readFilter('members eq "USR_1"'))(group), false);
  });
});

describe('a filter that cannot be', () => {
  const deep = `${'('.repeat(30)}title pr${')'.repeat(30)}`;
  const many = Array.from({ length: 101 }, () => 'title pr').join(' or ');
  const rows: [filter: string, sentence: RegExp][] = [
    ['userName', /character 9: after userName must come eq/],
    ['userName eq', /character 12: here must come a text/],
    ['userName eq ada', /here must come a text in quotation marks/],
    ['userName eq "ada" or', /character 21: here must come an attribute/],
    ['userName eq "ada" title pr', /nothing may come here/],
    ['userName is "ada"', /after userName must come/],
    ['(title pr', /here must come \)/],
    ['title pr)', /nothing may come here/],
    ['emails[type eq "work"', /here must come \]/],
    ['emails[type eq "work"].value', /after value must come/],
    ['userName eq "unclosed', /cannot be read at character 13/],
    ["userName eq 'ada'", /cannot be read at character 13/],
    ['userName eq "a" ; DROP TABLE users', /cannot be read at character 17/],
    ['{"$ne": null}', /cannot be read at character 1/],
    ['userName eq {"$ne": 1}', /cannot be read/],
    ['password eq "x"', /no attribute password/],
    ['manager eq "usr_2"', /no attribute manager/],
    ['__proto__ pr', /cannot be read at character 1/],
    ['constructor pr', /no attribute constructor/],
    ['active gt true', /true or false/],
    ['active eq "perhaps"', /true or false/],
    ['userName eq 5', /is a text/],
    ['meta.lastModified gt "yesterday"', /is a time/],
    ['meta.lastModified co "2030"', /is a time/],
    ['title gt null', /equal to null/],
    ['name eq "Ada"', /consists of parts/],
    ['emails[emails[type eq "work"]]', /brackets/],
    [deep, /brackets in each other/],
    [many, /100 comparisons/],
    [`title eq "${'x'.repeat(4000)}"`, /at most 4000/],
    ['', /here must come an attribute/],
  ];
  for (const [text, sentence] of rows) {
    it(`sec-273 sec-274 is told where it went wrong: ${text.slice(0, 60) || 'nothing'}`, () => {
      assert.throws(() => matcher(userKind, readFilter(text)), refusal('invalidFilter', sentence));
    });
  }

  it('takes what is in quotation marks for a text, whatever it looks like', () => {
    const odd = String.raw`\" or userName pr or title eq \"`;
    assert.equal(matcher(userKind, readFilter(`title eq "${odd}"`))(ada), false);
    assert.deepEqual(equalities(readFilter(`userName eq "${odd}"`)), [
      { path: 'userName', value: JSON.parse(`"${odd}"`) },
    ]);
  });
});

describe('what can be looked up', () => {
  const rows: [filter: string, found: string[]][] = [
    ['userName eq "a"', ['userName=a']],
    ['id eq "g" and members eq "u"', ['id=g', 'members=u']],
    ['emails[type eq "work"].value eq "a"', ['emails.type=work', 'emails.value=a']],
    ['userName eq "a" or title pr', []],
    ['not (userName eq "a")', []],
    ['userName ne "a" and externalId sw "b"', []],
    ['(userName eq "a" or userName eq "b") and active eq true', []],
  ];
  for (const [text, found] of rows) {
    it(`is only what has to be equal: ${text}`, () => {
      assert.deepEqual(
        equalities(readFilter(text)).map(({ path, value }) => `${path}=${value}`),
        found,
      );
    });
  }
});

describe('what is shown', () => {
  const work = { value: 'a@work.example', type: 'work', primary: true };
  const home = { value: 'a@home.example', type: 'home' };
  const whole = {
    schemas: [userKind.schema.id],
    id: 'usr_1',
    ...{ userName: 'a', name: { givenName: 'Ada', familyName: 'Byron' }, active: true, emails: [work, home] },
    [enterprise]: { department: 'D', division: 'V' },
  };
  it('is what is asked for, and what always is', () => {
    const only = (...attributes: string[]) => Object.keys(shown(userKind, whole, { attributes }));
    assert.deepEqual(only('userName'), ['schemas', 'id', 'userName']);
    assert.deepEqual(only('USERNAME', 'nothing'), ['schemas', 'id', 'userName']);
    assert.deepEqual(
      shown(userKind, whole, { attributes: ['name.givenName', 'emails.value', `${enterprise}:department`] }),
      {
        ...{ schemas: whole.schemas, id: 'usr_1', name: { givenName: 'Ada' } },
        ...{ emails: [{ value: work.value }, { value: home.value }], [enterprise]: { department: 'D' } },
      },
    );
    assert.deepEqual(shown(userKind, whole, { attributes: [enterprise] })[enterprise], whole[enterprise]);
    const { emails: _gone, name, ...rest } = whole;
    const excluded = ['emails', 'id', 'name.familyName'];
    assert.deepEqual(shown(userKind, whole, { excluded }), { ...rest, name: { givenName: name.givenName } });
  });

  it('sec-269 was taken from a body by its known names only', () => {
    const body = {
      ...whole,
      roles: [{ value: 'administrator' }],
      entitlements: ['x'],
      password: 'x',
      tenantId: 'globex',
    };
    const { schemas: _schemas, id: _id, ...kept } = whole;
    assert.deepEqual(accepted(userKind, body), kept);
  });
});
