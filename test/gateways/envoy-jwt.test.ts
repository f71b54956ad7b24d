import { after, before, describe } from 'node:test';
import { startEnvoy } from '../support/envoy.ts';
import { GatewayRig, orders } from '../support/gateway-rig.ts';
import { gatewayTable } from '../support/gateway-table.ts';

describe('envoy-jwt with the configuration that we write', () => {
  let rig: GatewayRig;
  before(async () => {
    rig = await GatewayRig.start();
    const { access } = rig.app.parts;
    const api = await access.api(orders);
    if (!api) throw new Error('there is no API');
    await access.saveApi({ ...api, tokenFormat: 'jwt' }, 'cli');
    await rig.guard('envoy-jwt', startEnvoy);
  });
  after(() => rig.stop());

  gatewayTable(() => rig, {
    heard: { subject: 'x-auth-subject', scope: 'x-auth-scope', roles: 'x-auth-roles' },
    asksNobody: true,
  });
});
