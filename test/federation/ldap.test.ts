import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { checkDirectory } from '../../src/federation/ldap.ts';
import { around, now, recorder, refusedWith, settingsFor, signIn } from '../support/ldap.ts';
import { type Directory, service, startSlapd } from '../support/slapd.ts';

const people = readFileSync(join(import.meta.dirname, '../fixtures/directory.ldif'), 'utf8');
const ana = 'uid=ana,ou=people,dc=example,dc=test';

let directory: Directory;
before(async () => {
  directory = await startSlapd(people);
});
after(() => directory.stop());

describe('sign-in at a directory', () => {
  it('says who somebody is, over StartTLS', async () => {
    const settings = settingsFor(directory);
    const identity = await signIn(settings, 'ana', 'correct horse');
    assert.match(identity.subject, /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.equal(identity.issuer, directory.ldap);
    assert.deepEqual(identity.claims, {
      entryUUID: [identity.subject],
      mail: ['ana@example.test', 'a.novak@example.test'],
      cn: ['Ana Novak'],
    });
    assert.deepEqual(identity.evidence, { amr: ['pwd'], acrs: [], authTime: now });
  });

  it('says the same over LDAPS, by the address, and by the uid in another case', async () => {
    const first = await signIn(settingsFor(directory), 'ana', 'correct horse');
    const settings = settingsFor(directory, { servers: [directory.ldaps] });
    for (const name of ['ana', 'ANA', 'a.novak@example.test'])
      assert.equal((await signIn(settings, name, 'correct horse')).subject, first.subject);
  });

  it('takes names and passwords in any script, and DNs with every special character', async () => {
    const settings = settingsFor(directory);
    assert.deepEqual((await signIn(settings, 'žofie', 'å pässwörd')).claims.cn, ['Žofie Åström']);
    const mei = await signIn(settings, 'mei', 'pass with spaces');
    assert.deepEqual(mei.claims.cn, ['Mei, Ling (Ops) *#+"\\']);
    assert.deepEqual(mei.groups?.toSorted(), ['engineers', 'everybody', 'round', 'staff']);
  });

  it('asks for no password that an attribute may hold, whatever the mapping says', async () => {
    const mapping = { name: ['userPassword', 'cn', '*', '+'] };
    const settings = settingsFor(directory, { mapping, bindDn: ana, bindPassword: 'correct horse' });
    const { claims } = await signIn(settings, 'ana', 'correct horse');
    assert.deepEqual(Object.keys(claims).sort(), ['cn', 'entryUUID']);
  });

  it('works with a directory that anybody may search', async () => {
    const settings = settingsFor(directory, { bindDn: '', bindPassword: undefined });
    assert.match((await signIn(settings, 'ana', 'correct horse')).subject, /-/);
  });

  it('tells every step, and never a password', async () => {
    const trace = recorder();
    await signIn(settingsFor(directory), 'ana', 'correct horse', trace);
    const steps = trace.lines.map((line) => line.slice(0, line.indexOf(':')));
    assert.deepEqual(steps, [
      '+ name and password are there',
      '+ reached',
      '+ encryption, certificate, host name',
      '+ account of the connection',
      '+ person',
      '+ reached',
      '+ encryption, certificate, host name',
      '+ password',
      '< entry',
      '+ subject',
      '+ groups',
    ]);
    assert.match(trace.lines[2] ?? '', /TLSv1\.[23], IP Address:127\.0\.0\.1/);
    assert.doesNotMatch(trace.lines.join('\n'), /correct horse|service secret/);
  });
});

describe('somebody who is not let in', () => {
  const cases: [name: string, username: string | undefined, password: string | undefined, reason: string][] = [
    ['a wrong password', 'ana', 'incorrect horse', 'wrong_password'],
    ['a password of somebody else', 'ana', 'bea secret', 'wrong_password'],
    ['a name that nobody has', 'nobody', 'correct horse', 'unknown_person'],
    ['a name that two have', 'twin@example.test', 'bea secret', 'ambiguous'],
    ['an empty password (RFC 4513 §5.1.2)', 'ana', '', 'bad_input'],
    ['a password of spaces', 'ana', '   ', 'bad_input'],
    ['no password', 'ana', undefined, 'bad_input'],
    ['an empty name', '', 'correct horse', 'bad_input'],
    ['no name', undefined, 'correct horse', 'bad_input'],
    ['a password that ends at a NUL', 'ana', 'correct horse\0x', 'bad_input'],
    ['a name with a NUL', 'ana\0', 'correct horse', 'bad_input'],
    ['half a surrogate pair', 'ana\ud800', 'correct horse', 'bad_input'],
    ['a name of 257 characters', 'a'.repeat(257), 'correct horse', 'bad_input'],
    ['a password of 1025 characters', 'ana', 'a'.repeat(1025), 'bad_input'],
    ['a name of 256 characters', 'a'.repeat(256), 'correct horse', 'unknown_person'],
  ];
  for (const [name, username, password, reason] of cases)
    it(`refuses ${name}`, async () => {
      const trace = recorder();
      const refusal = await refusedWith(reason, signIn(settingsFor(directory), username, password, trace));
      const told = JSON.stringify([refusal, trace.lines]);
      if (password?.trim()) assert(!told.includes(password));
    });

  const injections = [
    '*',
    'ana*',
    'b*t',
    '*)(uid=*',
    'bait)(uid=*',
    'nobody)(uid=bait',
    'nobody))(|(uid=bait',
    '*)(|(uid=*',
    'nobody)(!(uid=nobody',
    '\\00',
    '\\2a',
    'b\\61it',
    'bait\\',
    ')(',
    '(',
    'uid=bait',
    'bait,ou=people,dc=example,dc=test',
    'uid=bait,ou=people,dc=example,dc=test',
    'ba\u0131t',
    '{username}',
    '{dn}',
    '$&',
    `$'`,
    'a'.repeat(250),
  ];
  for (const injection of injections)
    it(`takes ${JSON.stringify(injection.slice(0, 40))} for a name, and nobody has it`, async () => {
      await refusedWith('unknown_person', signIn(settingsFor(directory), injection, 'known to the attacker'));
      const inDn = settingsFor(directory, { filter: '(entryDN=uid={username},ou=people,dc=example,dc=test)' });
      await refusedWith('unknown_person', signIn(inDn, injection, 'known to the attacker'));
    });

  it('says the same to the browser for every reason', async () => {
    const sentence = async (...typed: [string, string]) => {
      const error: unknown = await signIn(settingsFor(directory), ...typed).catch((problem: unknown) => problem);
      assert(error instanceof Error && 'status' in error && 'code' in error);
      return [error.message, error.status, error.code];
    };
    const wrong = await sentence('ana', 'wrong');
    assert.deepEqual(await sentence('nobody', 'wrong'), wrong);
    assert.deepEqual(await sentence('twin@example.test', 'wrong'), wrong);
  });

  it('is told by a subject that is missing or not the only one', async () => {
    for (const subject of ['employeeNumber', 'mail', 'jpegPhoto'])
      await refusedWith('no_subject', signIn(settingsFor(directory, { subject }), 'ana', 'correct horse'));
  });
});

describe('settings with which nobody is asked', () => {
  const cases: [name: string, change: Record<string, unknown>, reason: string][] = [
    ['ldap:// without StartTLS', { servers: ['ldap://directory.example.test'], startTls: false }, 'not_encrypted'],
    ['one server of two in clear', { servers: ['ldaps://a.test', 'ldap://b.test'], startTls: false }, 'not_encrypted'],
    ['a password in the address', { servers: ['ldaps://a:b@directory.example.test'] }, 'misconfigured'],
    ['a filter without the name', { filter: '(uid=ana)' }, 'misconfigured'],
    ['a filter that is none', { filter: '(uid={username}' }, 'misconfigured'],
    ['a name in place of an attribute', { filter: '({username}=x)' }, 'misconfigured'],
    ['an unknown placeholder', { filter: '(&(uid={username})(cn={other}))' }, 'misconfigured'],
    ['an account without a password', { bindPassword: undefined }, 'misconfigured'],
    ['an authority that is no certificate', { certificateAuthority: 'no PEM' }, 'misconfigured'],
  ];
  for (const [name, change, reason] of cases)
    it(`refuses ${name}`, async () => {
      await refusedWith(reason, signIn(settingsFor(directory, change), 'ana', 'correct horse'));
    });

  it('takes ldap:// in clear on this machine, when that is wished', async () => {
    assert(await signIn(settingsFor(directory, { startTls: false }), 'ana', 'correct horse'));
  });
});

describe('checkDirectory', () => {
  const check = async (change: Record<string, unknown> = {}) => {
    const trace = recorder();
    await checkDirectory(settingsFor(directory, change), around, trace);
    return trace.lines;
  };

  it('tries each server before a person is asked', async () => {
    const lines = await check({ servers: [directory.ldap, directory.ldaps] });
    const passed = [
      'reached',
      'encryption, certificate, host name',
      'account of the connection',
      'base can be read',
      'filter',
    ];
    assert.deepEqual(
      lines.map((line) => line.slice(2, line.indexOf(':'))),
      [...passed, ...passed],
    );
  });

  const failures: [name: string, change: Record<string, unknown>, reason: string][] = [
    ['a wrong password of its own account', { bindPassword: 'wrong' }, 'service_bind_refused'],
    ['an account that is not there', { bindDn: 'cn=nobody,dc=example,dc=test' }, 'service_bind_refused'],
    ['an account that is no DN', { bindDn: 'service' }, 'service_bind_refused'],
    ['a base that is not there', { base: 'ou=missing,dc=example,dc=test' }, 'base_not_found'],
    ['a base that may not be read', { base: 'ou=closed,dc=example,dc=test' }, 'base_not_found'],
    ['a base that is no DN', { base: 'people' }, 'base_not_found'],
    ['a base of another directory', { base: 'dc=elsewhere,dc=test' }, 'base_not_found'],
    ['a base of the groups that is not there', { groups: { base: 'ou=missing,dc=example,dc=test' } }, 'base_not_found'],
  ];
  for (const [name, change, reason] of failures)
    it(`finds ${name}`, async () => {
      const refusal = await refusedWith(reason, check(change));
      assert.doesNotMatch(JSON.stringify(refusal), new RegExp(service.password));
    });

  it('tells of every server that failed, and goes on to the next', async () => {
    const trace = recorder();
    const settings = settingsFor(directory, { servers: ['ldaps://127.0.0.1:1', directory.ldap] });
    await refusedWith('unreachable', checkDirectory(settings, around, trace));
    assert(
      trace.lines.some((line) => line.startsWith('< server that cannot be used: ldaps://127.0.0.1:1: unreachable')),
    );
    assert(trace.lines.some((line) => line.startsWith('+ filter')));
  });
});
