import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Cli, cli } from '../support/cli.ts';
import { introspect, type Server } from '../support/code-flow.ts';
import { type Listener, listen } from '../support/listening.ts';
import { basic, type Credentials, post } from '../support/oauth.ts';
import { anyPort, type ServerProcess, startServer } from '../support/server.ts';

interface Demo {
  clients: Record<string, Credentials>;
}

describe('sec-95 listeners of changes at two processes that come and go', { timeout: 120_000 }, () => {
  let sallyport: Cli;
  let demo: Demo;
  let one: ServerProcess;
  let two: ServerProcess;
  before(async () => {
    sallyport = await cli(anyPort);
    demo = await sallyport.json<Demo>(['demo']);
    [one, two] = await Promise.all([startServer(sallyport), startServer(sallyport)]);
  });
  after(() => Promise.all([one.kill(), two.kill()]));

  const client = (id: string): Credentials => demo.clients[id] ?? { client_id: id, client_secret: '' };
  const at = ({ url }: ServerProcess): Server => ({ issuer: url, client, password: () => '' });
  const gateway = () => client('demo-gateway');
  const service = () => basic(client('demo-service'));

  /** A token that was issued by a process, and the name by which gateways know it. */
  async function issued(server: ServerProcess) {
    const { body } = await post(`${server.url}/oauth2/token`, { grant_type: 'client_credentials' }, service());
    const value: string = body.access_token;
    const { jti } = await introspect(at(server), value);
    assert.equal(typeof jti, 'string');
    return { value, jti };
  }
  const revoke = async (server: ServerProcess, { value }: { value: string }) => {
    assert.equal((await post(`${server.url}/oauth2/revoke`, { token: value }, service())).status, 200);
  };
  const hears = async (listener: Listener, { jti }: { jti: string }) => {
    assert.ok(await listener.until((told) => told.jti === jti), 'the stream ended before');
    assert.equal(listener.told.filter((told) => told.jti === jti).length, 1);
  };

  it('hear what happens at the other, and read on there when theirs was killed, and when it leaves', async () => {
    const first = await listen(two.url, gateway());
    const tokens = [
      await issued(one),
      await issued(two),
      await issued(one),
      await issued(one),
      await issued(one),
    ] as const;
    await revoke(one, tokens[0]);
    await hears(first, tokens[0]);
    assert.equal((await introspect(at(two), tokens[0].value)).active, false);

    await two.kill();
    assert.equal(await first.ended, 'broken');
    await revoke(one, tokens[1]);
    const second = await listen(one.url, gateway(), { since: first.cursor() });
    await hears(second, tokens[1]);
    await revoke(one, tokens[2]);
    await hears(second, tokens[2]);

    two = await startServer(sallyport);
    const left = one.leave();
    assert.equal(await second.ended, 'plain');
    await revoke(two, tokens[3]);
    const third = await listen(two.url, gateway(), { since: second.cursor() });
    await hears(third, tokens[3]);
    await revoke(two, tokens[4]);
    await hears(third, tokens[4]);
    assert.equal(third.told.filter(({ type }) => type === 'reset').length, 0);
    await third.close();
    assert.equal(await left, 0);
  });
});
