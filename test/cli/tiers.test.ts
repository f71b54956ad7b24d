import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type Cli, cli } from '../support/cli.ts';

let sallyport: Cli;
before(async () => {
  sallyport = await cli();
});

describe('sallyport tier', () => {
  it('adds, shows, lists, sets and removes, and says who has it', async () => {
    await sallyport.json(['client', 'add', 'partner', '--grant', 'client_credentials', '--pending']);
    await sallyport.json(['api', 'add', 'urn:orders']);
    const limits = ['--limit', '100 per minute', '--limit', '5 per 10 seconds on urn:orders'];
    const added = await sallyport.run(['tier', 'add', 'gold', ...limits, '--excess', 'queue', '--patience', '3']);
    assert.match(added.stdout, /^Added the tier gold; give it to clients: sallyport client approve ID --tier gold\n$/);
    const approved = await sallyport.run(['client', 'approve', 'partner', '--tier', 'gold']);
    assert.equal(approved.stdout, 'partner is approved (tier gold: 100 per minute, 5 per 10 seconds on urn:orders)\n');
    const [shown, listed, held] = await Promise.all([
      sallyport.json(['tier', 'show', 'gold']),
      sallyport.run(['tier', 'list']),
      sallyport.run(['tier', 'remove', 'gold']),
    ]);
    const document = {
      id: 'gold',
      limits: [
        { requests: 100, period: 60 },
        { api: 'urn:orders', requests: 5, period: 10 },
      ],
      excess: 'queue',
      patience: 3,
    };
    assert.deepEqual(shown, { ...document, clients: ['partner'] });
    assert.match(listed.stdout, /gold +100 per minute, 5 per 10 seconds on urn:orders +queue +3/);
    assert.equal(held.status, 1);
    assert.match(held.stderr, /The tier gold is what limits partner; give them another one first/);
    const set = await sallyport.json(['tier', 'set', 'gold', '--limit', 'none']);
    assert.deepEqual(set, { ...document, limits: [] });
    await sallyport.json(['client', 'set', 'partner', '--tier', 'bronze']);
    assert.equal((await sallyport.run(['tier', 'remove', 'gold'])).stdout, 'Removed the tier gold\n');
  });

  it('ends with 1 for what cannot be, and with 2 for what was typed wrongly', async () => {
    const runs = [
      ['tier', 'add', 'odd', '--limit', '100 a minute'],
      ['tier', 'add', 'odd', '--limit', '1 per day on urn:nowhere'],
      ['tier', 'add', 'odd'],
      ['tier', 'set', 'nobody', '--excess', 'reject'],
    ];
    const [spelling, api, nothing, missing] = await Promise.all(runs.map((args) => sallyport.run(args)));
    assert.deepEqual([spelling?.status, api?.status, nothing?.status, missing?.status], [1, 1, 2, 1]);
    assert.match(spelling?.stderr ?? '', /must read like "100 per minute"/);
    assert.match(api?.stderr ?? '', /There is no API urn:nowhere; add it/);
  });
});

describe('sallyport client introspection-token', () => {
  it('prints the header once, and takes it away', async () => {
    await sallyport.json(['client', 'add', 'flex', '--introspect', 'all']);
    const made = await sallyport.run(['client', 'introspection-token', 'flex']);
    assert.match(made.stdout, /^Header \(shown this once\): Authorization: Bearer [A-Za-z0-9_-]{43}\n$/);
    const again = await sallyport.json(['client', 'introspection-token', 'flex', '--overlap', '60']);
    assert.equal(typeof again.older_expires, 'number');
    const removed = await sallyport.json(['client', 'introspection-token', 'flex', '--remove']);
    assert.deepEqual(removed, { client_id: 'flex', removed: 2 });
  });
});
