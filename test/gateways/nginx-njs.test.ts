import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { GatewayRig } from '../support/gateway-rig.ts';
import { gatewayTable } from '../support/gateway-table.ts';
import { startNginx } from '../support/nginx.ts';

describe('nginx-njs with the configuration that we write', () => {
  let rig: GatewayRig;
  before(async () => {
    rig = await GatewayRig.start();
    await rig.guard('nginx-njs', startNginx);
  });
  after(() => rig.stop());

  gatewayTable(() => rig, {
    heard: { subject: 'x-auth-subject', scope: 'x-auth-scope', roles: 'x-auth-roles' },
  });
});

describe('nginx-njs for a client that may keep answers', () => {
  let rig: GatewayRig;
  before(async () => {
    rig = await GatewayRig.start();
    await rig.app.parts.clients.change('demo-gateway', (now) => ({ ...now, cacheSeconds: 2 }), 'cli');
    await rig.guard('nginx-njs', startNginx);
  });
  after(() => rig.stop());

  it('keeps them for each token apart, and no longer than it says', async () => {
    const token = await rig.token();
    assert.equal((await rig.call({ token })).status, 200, rig.said());
    for (const other of ['no-token-has-this-value', `${token}x`, token.slice(1)])
      assert.equal((await rig.call({ token: other })).status, 401, other);
    await rig.app.parts.access.unassign('client:demo-service', 'orders-reader', 'cli');
    const began = Date.now();
    while ((await rig.call({ token })).status === 200) assert.ok(Date.now() - began < 20_000, 'it is kept for ever');
    assert.equal((await rig.call({ token })).status, 403);
    assert.equal((await rig.call({ token: await rig.token() })).seen, undefined);
  });
});
