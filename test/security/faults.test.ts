import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Cli, cli } from '../support/cli.ts';
import { authorize, introspect, redeem, refresh, type Server } from '../support/code-flow.ts';
import { type Answer, basic, post } from '../support/oauth.ts';
import { anyPort, type ServerProcess, startServer } from '../support/server.ts';

/** The demo's secrets, read as a program reads them. */
interface Demo {
  clients: Record<string, { client_id: string; client_secret: string }>;
  users: Record<string, { password: string }>;
}

const kills = 5;
const callers = 8;

describe('a server that is killed under load', () => {
  let sallyport: Cli;
  let demo: Demo;
  let running: ServerProcess;
  before(async () => {
    sallyport = await cli(anyPort);
    demo = await sallyport.json<Demo>(['demo']);
    running = await startServer(sallyport);
  });
  after(() => running.kill());

  const server = (): Server => ({
    issuer: running.url,
    client: (id) => demo.clients[id] ?? { client_id: id, client_secret: '' },
    password: (email) => demo.users[email]?.password ?? '',
  });
  const token = (): Promise<Answer> =>
    post(`${running.url}/oauth2/token`, { grant_type: 'client_credentials' }, basic(server().client('demo-service')));
  const revoke = (value: string): Promise<Answer> =>
    post(`${running.url}/oauth2/revoke`, { token: value }, basic(server().client('demo-service')));

  /** Asks for tokens, and ends every third one, until the server is gone; what was answered stands in the ledger. */
  async function load(ledger: Map<string, boolean>): Promise<void> {
    for (let turn = 0; ; turn += 1) {
      const answer = await token().catch(() => undefined);
      if (answer === undefined) return;
      assert.equal(answer.status, 200);
      const value: string = answer.body.access_token;
      ledger.set(value, true);
      if (turn % 3 !== 0) continue;
      // From here on nobody knows, until it is answered.
      ledger.delete(value);
      const ended = await revoke(value).catch(() => undefined);
      if (ended === undefined) return;
      ledger.set(value, false);
    }
  }

  it(`sec-291 has every token that it gave out and none that it ended, after ${kills} kills`, async () => {
    for (let round = 0; round < kills; round += 1) {
      const ledger = new Map<string, boolean>();
      const loads = Array.from({ length: callers }, () => load(ledger));
      while (ledger.size < 40 * (round + 1)) await new Promise((resolve) => setImmediate(resolve));
      await running.kill();
      await Promise.all(loads);
      running = await startServer(sallyport);
      for (const [value, lives] of ledger) assert.equal((await introspect(server(), value)).active, lives);
    }
  });

  it('sec-089 sec-293 redeems a code once or not at all, whenever it is killed', async () => {
    for (let round = 0; round < kills; round += 1) {
      const code = await authorize(server(), {}, { scope: 'openid orders:read' });
      const told = redeem(server(), code).catch(() => undefined);
      for (let wait = 0; wait < round * 3; wait += 1) await new Promise((resolve) => setImmediate(resolve));
      await running.kill();
      const answer = await told;
      running = await startServer(sallyport);
      if (answer?.status === 200) {
        assert.equal((await introspect(server(), answer.body.access_token)).active, true);
        assert.equal((await refresh(server(), answer.body.refresh_token)).status, 200);
      }
      const again = await redeem(server(), code);
      assert.ok(again.status === 400 || (answer === undefined && again.status === 200), String(again.status));
      if (again.status === 400) assert.equal(again.body.error, 'invalid_grant');
    }
  });
});
