import type { Clients } from '../clients/clients.ts';
import type { IntrospectionTokens } from '../clients/introspection-tokens.ts';
import type { PlainCall } from '../http/short-way.ts';
import { callerByBearer, isBearer } from '../protocol/bearer-caller.ts';
import { callerBySecret } from '../protocol/caller.ts';
import type { MachineTokens } from '../protocol/machine-tokens.ts';
import { answerText } from '../protocol/rights.ts';
import { signedType } from '../protocol/signed-answers.ts';
import { deniedIn, type TokenStatus } from '../protocol/token-status.ts';

interface Parts {
  clients: Clients;
  tokens: IntrospectionTokens;
  status: TokenStatus;
  machineTokens: MachineTokens;
  /** Count answers for the metrics. */
  introspected(result: 'active' | 'inactive'): void;
  tokenIssued(grant: string, format: 'opaque'): void;
}

/** What the short way answers: the two calls that programs make some thousand times a second. */
export const plainCalls = (parts: Parts): Record<string, PlainCall> => ({
  /** An introspection with a secret and a JSON answer; introspection.ts knows all the others. */
  async '/oauth2/introspect'(form, { authorization, accept }) {
    const { token } = form;
    if (typeof token !== 'string' || token === '' || accept?.includes(signedType)) return undefined;
    const caller = isBearer(authorization)
      ? await callerByBearer(parts, authorization, form)
      : await callerBySecret(parts.clients, authorization, form);
    if (!caller) return undefined;
    const answer = await parts.status.introspect(token, caller);
    // The long way tells the trail of it.
    if (deniedIn(answer)) return undefined;
    parts.introspected(answer.active ? 'active' : 'inactive');
    return answerText(answer);
  },

  async '/oauth2/token'(form, { authorization }) {
    const answer = await parts.machineTokens.issue(form, authorization);
    if (!answer) return undefined;
    parts.tokenIssued('client_credentials', 'opaque');
    return JSON.stringify(answer);
  },
});
