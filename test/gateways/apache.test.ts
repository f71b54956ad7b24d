import { after, before, describe } from 'node:test';
import { startApache } from '../support/apache.ts';
import { GatewayRig } from '../support/gateway-rig.ts';
import { gatewayTable } from '../support/gateway-table.ts';

describe('apache with the configuration that we write', () => {
  let rig: GatewayRig;
  before(async () => {
    rig = await GatewayRig.start();
    await rig.guard('apache', startApache, {
      args: ['--reach', rig.secure, '--ca', rig.authority.certificateFile],
    });
  });
  after(() => rig.stop());

  gatewayTable(() => rig, {
    heard: { subject: 'x-auth-subject', scope: 'x-auth-scope', roles: 'x-auth-roles' },
    made: { oidc_claim_sub: 'mallory', 'oidc-claim-sub': 'mallory', oidc_claim_roles: 'orders-editor' },
  });
});
