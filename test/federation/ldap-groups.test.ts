import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { recorder, refusedWith, settingsFor, signIn } from '../support/ldap.ts';
import { type Directory, startSlapd } from '../support/slapd.ts';

const people = readFileSync(join(import.meta.dirname, '../fixtures/directory.ldif'), 'utf8');
const many = 'dc=many,dc=test';

/** Two people: one in 5000 groups, one in 5001. */
function manyGroups(): string {
  const member = (uid: string) => `member: uid=${uid},${many}`;
  const entries = [`dn: ${many}\nobjectClass: dcObject\nobjectClass: organization\ndc: many\no: Many`];
  for (const uid of ['most', 'toomany'])
    entries.push(
      `dn: uid=${uid},${many}\nobjectClass: inetOrgPerson\nuid: ${uid}\ncn: ${uid}\nsn: ${uid}\nuserPassword: secret`,
    );
  for (let at = 0; at <= 5000; at += 1) {
    const members = at < 5000 ? [member('most'), member('toomany')] : [member('toomany')];
    entries.push(`dn: cn=group ${at},${many}\nobjectClass: groupOfNames\ncn: group ${at}\n${members.join('\n')}`);
  }
  return `${entries.join('\n\n')}\n`;
}

let directory: Directory;
before(async () => {
  directory = await startSlapd(people, manyGroups());
});
after(() => directory.stop());

const groupsOf = async (groups: Record<string, unknown>, change: Record<string, unknown> = {}) => {
  const { groups: found } = await signIn(settingsFor(directory, { groups, ...change }), 'ana', 'correct horse');
  return found?.toSorted();
};

describe('groups of a person', () => {
  const cases: [name: string, groups: Record<string, unknown>, found: string[] | undefined][] = [
    ['are not said when nobody asks for them', { mode: 'none' }, undefined],
    [
      'are searched through all levels and round a cycle',
      {},
      ['administrators', 'engineers', 'everybody', 'round', 'staff'],
    ],
    ['are those she is in herself at depth 0', { depth: 0 }, ['administrators', 'engineers']],
    ['are one level more at depth 1', { depth: 1 }, ['administrators', 'engineers', 'staff']],
    ['are two levels more at depth 2', { depth: 2 }, ['administrators', 'engineers', 'everybody', 'staff']],
    [
      'are those below the base only',
      { base: 'ou=groups,dc=example,dc=test' },
      ['engineers', 'everybody', 'round', 'staff'],
    ],
    ['are found by an attribute of the person', { filter: '(memberUid={uid})' }, ['posix']],
    ['are found by what was typed', { filter: '(memberUid={username})' }, ['posix']],
    ['are none when none fits', { filter: '(member=cn={username},dc=example,dc=test)' }, []],
    [
      'are found by a DN that is put together',
      { filter: '(member=uid={username},ou=people,dc=example,dc=test)' },
      ['administrators', 'engineers'],
    ],
    [
      'have the name that is asked for, and those without it are left out',
      { name: 'description' },
      ['Those who build'],
    ],
    [
      'may be named by their DN',
      { depth: 0, name: 'dn', base: 'ou=groups,dc=example,dc=test' },
      ['cn=engineers,ou=groups,dc=example,dc=test'],
    ],
    ['are read from memberOf, without nesting', { mode: 'memberOf' }, ['administrators', 'engineers']],
    [
      'of memberOf are those below the base only',
      { mode: 'memberOf', base: 'OU=Groups, DC=example,DC=test' },
      ['engineers'],
    ],
    [
      'of memberOf are read when the DN does not name them',
      { mode: 'memberOf', name: 'description' },
      ['Those who build'],
    ],
    ['of a chain are none where the server does not know the rule', { mode: 'chain' }, []],
  ];
  for (const [name, groups, found] of cases)
    it(name, async () => {
      assert.deepEqual(await groupsOf(groups), found);
    });

  it('have no name that their keeper added (cn: also known as)', async () => {
    assert(!(await groupsOf({}))?.includes('also known as'));
  });

  it('cannot be asked for by an attribute that the person lacks', async () => {
    await refusedWith('misconfigured', groupsOf({ filter: '(memberUid={employeeNumber})' }));
  });

  it('are escaped in the search for the next level, whatever a DN holds', async () => {
    const { groups } = await signIn(settingsFor(directory, { groups: { depth: 0 } }), 'mei', 'pass with spaces');
    assert.deepEqual(groups, ['engineers']);
  });

  it('are up to 5000, in pages', async () => {
    const { groups } = await signIn(settingsFor(directory, { base: many }), 'most', 'secret');
    assert.equal(groups?.length, 5000);
  });

  it('are refused rather than cut off when there are more', async () => {
    await refusedWith('too_many_groups', signIn(settingsFor(directory, { base: many }), 'toomany', 'secret'));
  });

  it('are refused rather than cut off by a limit of the server', async () => {
    const trace = recorder();
    const settings = settingsFor(directory, { base: many, bindDn: '', bindPassword: undefined });
    await refusedWith('limit_exceeded', signIn(settings, 'most', 'secret', trace));
  });
});
