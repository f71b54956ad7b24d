import { after, before, describe } from 'node:test';
import { startEnvoy } from '../support/envoy.ts';
import { GatewayRig } from '../support/gateway-rig.ts';
import { gatewayTable } from '../support/gateway-table.ts';

describe('envoy with the configuration that we write', () => {
  let rig: GatewayRig;
  before(async () => {
    rig = await GatewayRig.start();
    await rig.guard('envoy', startEnvoy);
  });
  after(() => rig.stop());

  gatewayTable(() => rig, {
    heard: { subject: 'x-auth-subject', scope: 'x-auth-scope', roles: 'x-auth-roles' },
  });
});
