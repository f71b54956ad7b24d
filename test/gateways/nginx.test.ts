import { after, before, describe } from 'node:test';
import { GatewayRig } from '../support/gateway-rig.ts';
import { gatewayTable } from '../support/gateway-table.ts';
import { startNginx } from '../support/nginx.ts';

describe('nginx with the configuration that we write', () => {
  let rig: GatewayRig;
  before(async () => {
    rig = await GatewayRig.start();
    await rig.guard('nginx', startNginx);
  });
  after(() => rig.stop());

  gatewayTable(() => rig, {
    heard: { subject: 'x-auth-subject', scope: 'x-auth-scope', roles: 'x-auth-roles' },
  });
});
