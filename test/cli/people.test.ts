import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type Cli, cli } from '../support/cli.ts';

const orders = 'https://api.example.com/orders';
const password = 'wide-copper-lantern-42';

let sallyport: Cli;
before(async () => {
  sallyport = await cli();
});

describe('sallyport user', () => {
  it('adds a person with a password from standard input, which is never shown', async () => {
    const options = [
      '--name',
      'Ada Lovelace',
      '--password-stdin',
      '--claim',
      'locale=en',
      '--claim',
      'address.locality=London',
    ];
    const said = await sallyport.run(['user', 'add', 'Ada@Example.com', ...options], `${password}\n`);
    assert.deepEqual([said.status, said.stderr], [0, '']);
    assert.match(said.stdout, /^Added ada@example\.com \(sub usr_[\w-]+\)\n$/);
    const { stdout } = await sallyport.run(['user', 'show', 'ada@example.com', '--json']);
    const { id, created, updated, ...user } = JSON.parse(stdout);
    assert.deepEqual(user, {
      email: 'ada@example.com',
      email_verified: false,
      state: 'active',
      has_password: true,
      name: 'Ada Lovelace',
      locale: 'en',
      address: { locality: 'London' },
    });
    assert.doesNotMatch(stdout, /argon2/);
  });

  it('makes a password where none is given, and prints it this once', async () => {
    const added = await sallyport.json(['user', 'add', 'grace@example.com']);
    assert.match(String(added.password), /^[a-z]{5}(?:-[a-z]{5}){3}$/);
    const { password: again, ...rest } = await sallyport.json(['user', 'show', 'grace@example.com']);
    assert.equal(again, undefined);
    assert.equal(rest.has_password, true);
  });

  it('ends with 1 and one line that says what to change', async () => {
    const [twice, weak, unknown, claim] = await Promise.all([
      sallyport.run(['user', 'add', 'ada@example.com']),
      sallyport.run(['user', 'add', 'eve@example.com', '--password-stdin'], 'short'),
      sallyport.run(['user', 'disable', 'nobody@example.com']),
      sallyport.run(['user', 'set', 'ada@example.com', '--claim', 'shoe_size=38']),
    ]);
    for (const { status, stdout, stderr } of [twice, weak, unknown, claim]) {
      assert.deepEqual([status, stdout, stderr.split('\n').length], [1, '', 2]);
    }
    assert.match(twice.stderr, /already in use/);
    assert.match(weak.stderr, /at least 15/);
    assert.match(unknown.stderr, /nobody@example\.com does not exist/);
    assert.match(claim.stderr, /shoe_size cannot be set here/);
  });

  it('changes, disables, enables, lists and removes', async () => {
    const set = [
      'user',
      'set',
      'grace@example.com',
      '--email-verified',
      '--claim',
      'given_name=Grace',
      '--name',
      'Grace Hopper',
    ];
    const changed = await sallyport.json(set);
    assert.deepEqual([changed.email_verified, changed.given_name, changed.name], [true, 'Grace', 'Grace Hopper']);
    assert.equal(
      (await sallyport.json(['user', 'set', 'grace@example.com', '--claim', 'given_name='])).given_name,
      undefined,
    );
    assert.equal((await sallyport.json(['user', 'disable', 'grace@example.com'])).state, 'disabled');
    assert.match((await sallyport.run(['user', 'list'])).stdout, /^grace@example\.com +Grace Hopper +disabled/m);
    assert.equal((await sallyport.json(['user', 'enable', 'grace@example.com'])).state, 'active');
    await sallyport.json(['user', 'remove', 'grace@example.com']);
    const all = await sallyport.json<{ email: string }[]>(['user', 'list']);
    assert.deepEqual(
      all.map(({ email }) => email),
      ['ada@example.com'],
    );
  });
});

describe('sallyport api, role, assign and access explain', () => {
  it('answers why somebody holds a permission: each way from assignment through included roles', async () => {
    const permissions = ['--permission', 'orders:read', '--permission', 'orders:write'];
    const api = await sallyport.json([
      'api',
      'add',
      orders,
      ...permissions,
      '--token-format',
      'jwt',
      '--route',
      'GET /orders/** = orders:read',
    ]);
    assert.deepEqual([api.token_format, api.permissions], ['jwt', ['orders:read', 'orders:write']]);
    await sallyport.json(['role', 'add', 'reader', '--permission', `${orders}#orders:read`]);
    await sallyport.json(['role', 'add', 'editor', '--permission', `${orders}#orders:write`, '--include', 'reader']);
    const until = new Date(Date.now() + 3_600_000).toISOString();
    await sallyport.json(['assign', 'ada@example.com', 'editor']);
    await sallyport.json(['assign', 'ADA@example.com', 'reader', '--until', until]);
    const explained = await sallyport.json(['access', 'explain', 'ada@example.com', orders]);
    assert.deepEqual(explained.roles, ['editor', 'reader']);
    assert.deepEqual(explained.entitlements, ['orders:read', 'orders:write']);
    assert.deepEqual(explained.paths, [
      { permission: 'orders:read', groups: [], roles: ['editor', 'reader'] },
      { permission: 'orders:read', groups: [], roles: ['reader'], until: Math.floor(Date.parse(until) / 1000) },
      { permission: 'orders:write', groups: [], roles: ['editor'] },
    ]);
    const { stdout } = await sallyport.run(['access', 'explain', 'ada@example.com', orders]);
    assert.match(stdout, /^orders:read +editor → reader$/m);
    const preview = ['role', 'preview', 'reader', '--permission', `${orders}#orders:write`];
    const { stdout: foreseen } = await sallyport.run(preview);
    assert.match(foreseen, /^reader +\S+#orders:write +\S+#orders:read\neditor +\S+#orders:read\nHeld by people: 1/m);
  });

  it('refuses circles, unknown subjects, and adding what is there', async () => {
    const [circle, subject, again, past] = await Promise.all([
      sallyport.run(['role', 'set', 'reader', '--include', 'editor']),
      sallyport.run(['assign', 'nobody', 'editor']),
      sallyport.run(['api', 'add', orders]),
      sallyport.run(['assign', 'ada@example.com', 'editor', '--until', '2020-01-01']),
    ]);
    assert.deepEqual([circle.status, subject.status, again.status, past.status], [1, 1, 1, 1]);
    assert.match(circle.stderr, /reader → editor → reader/);
    assert.match(subject.stderr, /A user or client nobody does not exist/);
    assert.match(again.stderr, /already in use/);
    assert.match(past.stderr, /--until must be a time in the future/);
  });

  it('keeps what a change does not name, and takes a role away', async () => {
    const changed = await sallyport.json(['api', 'set', orders, '--token-format', 'opaque', '--token-ttl', '300']);
    assert.deepEqual(
      [changed.token_format, changed.token_ttl, changed.permissions],
      ['opaque', 300, ['orders:read', 'orders:write']],
    );
    await sallyport.json(['unassign', 'ada@example.com', 'editor']);
    const { entitlements } = await sallyport.json(['access', 'explain', 'ada@example.com', orders]);
    assert.deepEqual(entitlements, ['orders:read']);
    assert.match((await sallyport.run(['role', 'show', 'reader'])).stdout, /^subjects +ada@example\.com$/m);
    const { status, stderr } = await sallyport.run(['api', 'remove', orders]);
    assert.deepEqual([status, /used by the roles/.test(stderr)], [1, true]);
  });
});
