import { z } from 'zod';
import type { GatewayRoutes } from '../directory/routes.ts';
import type { Guide } from '../gateways/guide.ts';
import { guides } from '../gateways/guides.ts';
import { boundOf, productOf } from '../gateways/products.ts';
import { type Operation, operation } from '../http/resource.ts';
import { missing } from '../kernel/errors.ts';
import type { Gate } from '../protocol/gate.ts';
import type { TokenStatus } from '../protocol/token-status.ts';
import { type Configuring, configurationOf } from './gateway-configuration.ts';
import { configurationBody, configurationReply, kindsReply, trialBody, trialReply } from './gateway-document.ts';
import { triedOf } from './gateway-trial.ts';

interface Parts extends Configuring {
  gatewayRoutes: GatewayRoutes;
  status: TokenStatus;
  gateways: Configuring['gateways'] & {
    /** As behind forward-auth, but it counts nothing. */
    trialGate: Gate;
  };
}

/**
 * A configuration tells of a client and of APIs, and a trial what a gateway learns of both: so who may read them, and both. Routes
 * and hosts belong to the whole server, so nobody does this within one organisation.
 */
const needed = { permission: 'apis:read', also: ['clients:read'] } as const;

/** The admin API's operations on gateways; console and `sallyport gateway` make the same calls. */
export const adminGateways = (parts: Parts): Operation[] => [
  operation({
    name: 'listGatewayKinds',
    method: 'get',
    path: '/gateways',
    about: 'List the kinds of gateways that a configuration can be written for',
    ...needed,
    reply: kindsReply,
    run: async () => ({ items: guides.map((guide) => kindDocument(guide, parts.gateways.lifetime)), next: null }),
  }),
  operation({
    name: 'configureGateway',
    method: 'post',
    path: '/gateways/:kind/configuration',
    changesNothing: () => true,
    about: 'Write the configuration of a gateway for this server; a placeholder stands for the secret',
    ...needed,
    params: z.object({ kind: z.string() }),
    body: configurationBody,
    reply: configurationReply,
    run({ params: { kind }, body }) {
      const guide = guides.find((one) => one.kind === kind);
      if (!guide) throw missing(`The kind of gateway ${kind}`);
      return configurationOf(parts, guide, body);
    },
  }),
  operation({
    name: 'tryGateway',
    method: 'post',
    path: '/gateways/try',
    changesNothing: () => true,
    about: 'Say what a gateway would be told about a request with this token, by forward-auth and by introspection',
    ...needed,
    body: trialBody,
    reply: trialReply,
    async run({ body: { client: id, ...asked } }) {
      const caller = id === undefined ? undefined : await parts.clients.get(id);
      if (id !== undefined && !caller) throw missing(`The client ${id}`);
      const { status, gatewayRoutes: routes, gateways } = parts;
      return triedOf({ status, routes, gate: gateways.trialGate }, { ...asked, caller });
    },
  }),
];

const kindDocument = (
  { kind, asks, about, everyApi, rsaOnly }: Guide,
  ttl: number,
): z.input<typeof kindsReply>['items'][number] => {
  const { name, measured, run } = productOf(kind);
  return {
    ...{ kind, name, asks, about, every_api: everyApi === true, rsa_only: rsaOnly === true, run },
    bound: {
      unkept: boundOf(kind, { keep: 0, ttl }),
      ...(measured && { measured: { unkept: measured.none, five: measured.five } }),
    },
  };
};
