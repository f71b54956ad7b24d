import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Cli, cli } from '../support/cli.ts';
import { authorize, redeem, refresh, type Server } from '../support/code-flow.ts';
import { anyPort, type ServerProcess, startServer } from '../support/server.ts';

const kills = 12;

/** The demo's secrets, read as a program reads them. */
interface Demo {
  clients: Record<string, { client_id: string; client_secret: string }>;
  users: Record<string, { password: string }>;
}

describe('a server that is killed while it rotates a refresh token', () => {
  let sallyport: Cli;
  let demo: Demo;
  let running: ServerProcess;
  before(async () => {
    // A busy machine may take longer to start again than the ten seconds of the usual grace.
    sallyport = await cli({ ...anyPort, SALLYPORT_TTL_REFRESH_TOKEN_GRACE: '60' });
    demo = await sallyport.json<Demo>(['demo']);
    running = await startServer(sallyport);
  });
  after(() => running.kill());

  const server = (): Server => ({
    issuer: running.url,
    client: (id) => demo.clients[id] ?? { client_id: id, client_secret: '' },
    password: (email) => demo.users[email]?.password ?? '',
  });

  it(`loses nobody's refresh token in ${kills} kills`, async () => {
    const tokens = (await redeem(server(), await authorize(server(), {}, { scope: 'openid orders:read' }))).body;
    let { refresh_token } = tokens;
    assert.ok(refresh_token);
    for (let turn = 0; turn < kills; turn += 1) {
      // The kill comes at another moment each time: before, while and after the one write of the rotation.
      const told = refresh(server(), refresh_token).catch(() => undefined);
      for (let wait = 0; wait < turn * 2; wait += 1) await new Promise((resolve) => setImmediate(resolve));
      await running.kill();
      const answer = await told;
      if (answer?.status === 200) refresh_token = answer.body.refresh_token;
      running = await startServer(sallyport);
      const next = await refresh(server(), refresh_token);
      assert.equal(next.status, 200, `after kill ${turn}: ${JSON.stringify(next.body)}`);
      refresh_token = next.body.refresh_token;
    }
  });
});
