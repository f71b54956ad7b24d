import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type Cli, cli } from '../support/cli.ts';

const day = 86_400;

let sallyport: Cli;
before(async () => {
  sallyport = await cli({ SALLYPORT_MFA_GRACE_DAYS: '7' });
  await sallyport.run(['role', 'add', 'clerk']);
  await sallyport.run(['client', 'add', 'wiki', '--grant', 'client_credentials']);
});

describe('sallyport mfa', () => {
  it('shows what holds for all by the configuration', async () => {
    const usual = { id: 'default', second_factor: 'if-enrolled', level: '2fa', grace: 7 * day, remember: 30 * day };
    assert.deepEqual(await sallyport.json(['mfa', 'show', 'default']), usual);
    assert.deepEqual(await sallyport.json(['mfa', 'list']), [usual]);
    const { stdout } = await sallyport.run(['mfa', 'list']);
    assert.match(
      stdout,
      /^SUBJECT +SECOND FACTOR +LEVEL +GRACE +REMEMBER\ndefault +if-enrolled +2fa +7 days +30 days\n$/,
    );
  });

  it('sets what is named and leaves the rest, also takes it back', async () => {
    const set = ['mfa', 'set', 'role:clerk'];
    assert.deepEqual(await sallyport.json([...set, '--second-factor', 'required', '--grace', '3']), {
      id: 'role:clerk',
      second_factor: 'required',
      grace: 3 * day,
    });
    const said = await sallyport.run([...set, '--level', 'phr', '--remember', '0', '--leave', 'grace']);
    assert.deepEqual([said.status, said.stderr], [0, '']);
    assert.match(said.stdout, /^Set the policy of second factors for role:clerk\n/);
    assert.deepEqual(await sallyport.json(['mfa', 'show', 'role:clerk']), {
      id: 'role:clerk',
      second_factor: 'required',
      level: 'phr',
      remember: 0,
    });
  });

  it('lists default first, then the others, and removes', async () => {
    await sallyport.run(['mfa', 'set', 'client:wiki', '--second-factor', 'off']);
    await sallyport.run(['mfa', 'set', 'default', '--level', 'phr']);
    const subjects = async () => (await sallyport.json<{ id: string }[]>(['mfa', 'list'])).map(({ id }) => id);
    assert.deepEqual(await subjects(), ['default', 'client:wiki', 'role:clerk']);
    const { stdout } = await sallyport.run(['mfa', 'remove', 'client:wiki']);
    assert.equal(stdout, 'Removed the policy of second factors for client:wiki\n');
    await sallyport.run(['mfa', 'remove', 'default']);
    assert.deepEqual(await subjects(), ['default', 'role:clerk']);
    assert.equal((await sallyport.json(['mfa', 'show', 'default'])).level, '2fa');
  });

  it('ends with 1 for what does not exist or cannot be', async () => {
    const rows: [string[], RegExp][] = [
      [['show', 'client:shop'], /A policy of second factors for client:shop does not exist/],
      [['remove', 'client:shop'], /client:shop does not exist/],
      [['set', 'client:shop', '--level', 'phr'], /The client shop does not exist/],
      [['set', 'role:boss', '--level', 'phr'], /The role boss does not exist/],
      [['set', 'connection:corp', '--level', 'phr'], /The connection corp does not exist/],
      [['set', 'everybody', '--level', 'phr'], /is for default, client:ID/],
      [['set', 'default', '--remember', '31'], /30 days/],
      [['set', 'default', '--grace', '91'], /90 days/],
    ];
    await Promise.all(
      rows.map(async ([args, sentence]) => {
        const { status, stdout, stderr } = await sallyport.run(['mfa', ...args]);
        assert.deepEqual([status, stdout], [1, ''], args.join(' '));
        assert.match(stderr, sentence);
      }),
    );
  });

  it('ends with 2 when it is used wrongly', async () => {
    const wrong = [
      ['set', 'default'],
      ['set', 'default', '--second-factor', 'always'],
      ['set', 'default', '--grace', 'long'],
      ['set'],
      ['drop', 'default'],
    ];
    await Promise.all(
      wrong.map(async (args) => {
        const { status, stderr } = await sallyport.run(['mfa', ...args]);
        assert.equal(status, 2, args.join(' '));
        assert.match(stderr, /^sallyport: .+\n$/);
      }),
    );
  });

  it('takes the policy of a client, role or connection away with it', async () => {
    await sallyport.run(['role', 'add', 'guest']);
    await sallyport.run(['mfa', 'set', 'role:guest', '--second-factor', 'off']);
    await sallyport.run(['mfa', 'set', 'client:wiki', '--second-factor', 'off']);
    await sallyport.run(['role', 'remove', 'guest']);
    await sallyport.run(['client', 'remove', 'wiki']);
    const left = await sallyport.json<{ id: string }[]>(['mfa', 'list']);
    assert.deepEqual(
      left.map(({ id }) => id),
      ['default', 'role:clerk'],
    );
  });
});

describe('sallyport api', () => {
  it('takes and takes away what an API demands of a sign-in', async () => {
    const audience = 'https://api.example.com/payments';
    const demands = async (...args: string[]) => {
      const { acr, max_age } = await sallyport.json(['api', ...args]);
      return [acr, max_age];
    };
    assert.deepEqual(await demands('add', audience, '--acr', '2fa', '--max-age', '600'), ['2fa', 600]);
    assert.deepEqual(await demands('set', audience, '--acr', 'phr', '--permission', 'pay'), ['phr', 600]);
    assert.deepEqual(await demands('set', audience, '--max-age', '0'), ['phr', undefined]);
    assert.deepEqual(await demands('set', audience, '--acr', 'none'), [undefined, undefined]);
    const wrong = await sallyport.run(['api', 'set', audience, '--max-age', '5']);
    assert.deepEqual([wrong.status, wrong.stdout], [1, '']);
    assert.match(wrong.stderr, /10 to 34560000 whole seconds/);
    assert.equal((await sallyport.run(['api', 'set', audience, '--acr', '3fa'])).status, 2);
  });
});

describe('sallyport user enrolment-code', () => {
  it('prints a code once, for a person that exists', async () => {
    await sallyport.run(['user', 'add', 'ada@example.com']);
    const said = await sallyport.run(['user', 'enrolment-code', 'Ada@example.com']);
    assert.deepEqual([said.status, said.stderr], [0, '']);
    const [, code = ''] = / 10 minutes\): (\S+)\n/.exec(said.stdout) ?? [];
    assert.match(code, /^\w{4}-\w{4}-\w{4}$/);
    const again = await sallyport.json(['user', 'enrolment-code', 'ada@example.com']);
    assert.notEqual(again.code, code);
    const events = await sallyport.run(['audit', 'search', '--type', 'enrolment-code.issued']);
    assert.equal(events.stdout.split('enrolment-code.issued').length, 3);
    assert.doesNotMatch(events.stdout, new RegExp(`${code}|${again.code}`));
    assert.equal((await sallyport.run(['user', 'enrolment-code', 'nobody@example.com'])).status, 1);
  });
});
