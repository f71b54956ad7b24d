import type { Client } from '../clients/clients.ts';
import { type Limit, limitsOn, type Tiers } from '../clients/tiers.ts';

/** What introspection adds to `sla_tier`: the limits that a call with this token has to keep. */
export interface SlaClaims {
  sla_limits?: { requests: number; period: number }[];
  /** The tightest of them, for gateways that pass on scalars only (MuleSoft). */
  sla_requests?: number;
  sla_period?: number;
}

const perSecond = ({ requests, period }: Limit): number => requests / period;

/** The limits of the client's tier on an audience, as they are at this moment; nothing where none applies. */
export async function slaClaims(tiers: Tiers, client: Client, audience: string | undefined): Promise<SlaClaims> {
  const tier = client.tier === undefined ? undefined : await tiers.named(client.tier);
  const limits = tier ? limitsOn(tier, audience) : [];
  const [first, ...others] = limits;
  if (!first) return {};
  const tightest = others.reduce((least, one) => (perSecond(one) < perSecond(least) ? one : least), first);
  return {
    sla_limits: limits.map(({ requests, period }) => ({ requests, period })),
    sla_requests: tightest.requests,
    sla_period: tightest.period,
  };
}
