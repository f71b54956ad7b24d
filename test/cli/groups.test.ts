import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type Cli, cli } from '../support/cli.ts';

const orders = 'https://api.example.test/orders';
let sallyport: Cli;
before(async () => {
  sallyport = await cli();
  await sallyport.json(['user', 'add', 'ann@example.test']);
  await sallyport.json(['api', 'add', orders, '--permission', 'orders:read']);
  await sallyport.json(['role', 'add', 'reader', '--permission', `${orders}#orders:read`]);
});

const said = async (...args: string[]): Promise<string> => {
  const { status, stdout, stderr } = await sallyport.run(args);
  assert.equal(status, 0, stderr);
  return stdout.trim();
};
const refused = async (...args: string[]): Promise<string> => {
  const { status, stderr } = await sallyport.run(args);
  assert.equal(status, 1);
  return stderr;
};

describe('sallyport role list', () => {
  it('fits on a line for each role, whatever it may', async () => {
    const lines = (await said('role', 'list')).split('\n');
    assert.match(lines.find((line) => line.startsWith('administrator')) ?? '', /#clients:read, .* and \d\d more$/);
    assert.match(lines.find((line) => line.startsWith('reader')) ?? '', new RegExp(`${orders}#orders:read$`));
  });
});

describe('sallyport group', () => {
  it('adds, nests, takes in and gives roles that explain themselves', async () => {
    assert.match(await refused('assign', 'group:sales', 'reader'), /The group sales does not exist/);
    assert.equal(await said('group', 'add', 'sales'), 'Added the group sales');
    assert.equal(await said('group', 'add', 'all', '--include', 'sales'), 'Added the group all');
    assert.match(await refused('group', 'set', 'sales', '--include', 'all'), /circle: sales → all → sales/);
    const until = '2099-01-31T18:00:00Z';
    assert.equal(
      await said('group', 'join', 'sales', 'ann@example.test', '--until', until),
      `ann@example.test is in the group sales until ${until}`,
    );
    await said('assign', 'group:all', 'reader');
    assert.match(
      await said('access', 'explain', 'ann@example.test', orders),
      /orders:read +group:sales → group:all → reader +2099-01-31T18:00:00Z$/,
    );
    const shown = await said('group', 'show', 'sales');
    assert.match(shown, /members +ann@example\.test until 2099/);
    assert.match(shown, /roles +reader/);
    assert.match(await said('group', 'list'), /all +sales/);
    assert.equal(
      await said('group', 'leave', 'sales', 'ann@example.test'),
      'ann@example.test is no longer in the group sales',
    );
    assert.match(
      await refused('group', 'leave', 'sales', 'ann@example.test'),
      /: This membership of the group sales does not exist$/m,
    );
    assert.equal(await said('group', 'remove', 'all'), 'Removed the group all');
  });
});

describe('sallyport organization', () => {
  it('adds members and roles within', async () => {
    const add = ['organization', 'add', 'acme', '--name', 'Acme Ltd', '--domain', 'Acme.example'];
    assert.deepEqual(await sallyport.json(add), {
      ...{ id: 'acme', name: 'Acme Ltd', domains: ['acme.example'], connections: [] },
    });
    assert.match(
      await refused('organization', 'set', 'acme', '--connection', 'corp'),
      /The connection corp does not exist/,
    );
    assert.equal(
      await said('organization', 'join', 'acme', 'ann@example.test'),
      'ann@example.test is a member of acme',
    );
    assert.equal(
      await said('assign', 'ann@example.test', 'reader', '--organization', 'acme'),
      'ann@example.test has the role reader within acme',
    );
    const explain = ['access', 'explain', 'ann@example.test', orders];
    assert.match(await said(...explain), /holds no permission/);
    assert.match(await said(...explain, '--organization', 'acme'), /orders:read +organization acme → reader/);
    assert.match(
      await said('organization', 'show', 'acme'),
      /domains +acme\.example \(not verified\)\n.*\nmembers +ann@/s,
    );
    assert.match(await said('organization', 'list'), /acme +Acme Ltd +acme\.example/);
    await said('unassign', 'ann@example.test', 'reader', '--organization', 'acme');
    const made = await sallyport.json(['organization', 'scim-token', 'acme']);
    assert.match(String(made.base_url), /\/scim\/v2\/acme$/);
    assert.match(String(made.scim_token), /^[\w-]{43}$/);
    assert.match(await said('organization', 'scim-token', 'acme', '--overlap', '60'), /older token counts until 2/);
    const listed = await said('organization', 'scim-token', 'acme', '--list');
    assert.match(listed, /^MADE +LAST USED +ENDS/);
    assert.equal(listed.split('\n').length, 3);
    assert.deepEqual(await sallyport.json(['organization', 'scim-token', 'acme', '--remove']), {
      ...{ organization: 'acme', removed: 2 },
    });
    assert.match(await refused('organization', 'scim-token', 'nowhere'), /The organization nowhere does not exist/);
    const link = await sallyport.json(['organization', 'setup-link', 'acme', '--days', '3', '--note', 'Pat']);
    assert.match(String(link.link), /\/setup\/link\/[\w-]+\/[\w-]{43}$/);
    assert.equal(
      await said('organization', 'setup-link', 'acme', '--end', String(link.id)),
      `Ended the set-up link ${link.id}`,
    );
    assert.match(await said('organization', 'setup-link', 'acme', '--list'), /^ID +STATE[\s\S]*ended +Pat +cli/);
    assert.match(await said('organization', 'leave', 'acme', 'ann@example.test'), /no longer a member/);
    assert.equal(await said('organization', 'remove', 'acme'), 'Removed the organization acme');
  });
});
