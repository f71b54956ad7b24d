import type { Client, Clients } from '../clients/clients.ts';
import type { Access, Api } from '../directory/access.ts';
import type { Decide } from '../directory/decide.ts';
import type { GatewayRoutes } from '../directory/routes.ts';
import type { Users } from '../directory/users.ts';
import { mayAskAbout } from './token-status.ts';

/** Whether somebody may do something now (AuthZEN Authorization API 1.0 §4). */
export interface Question {
  /** `identity` is the `sub` of a token: a person or a client. A person is known by id or e-mail address. */
  subject: { type: string; id: string };
  /** A permission of an API, or the method of a request. */
  action: string;
  /** An `api` by its audience, or a `route` by its path or template. */
  resource: { type: string; id: string; host?: string | undefined };
  organization?: string | undefined;
}

/** The answer, with a reason where it is no. */
export type Decision = { decision: true } | { decision: false; context: { reason: string } };

interface Parts {
  users: Users;
  clients: Clients;
  access: Access;
  routes: GatewayRoutes;
  decide: Decide;
}

const no = (reason: string): Decision => ({ decision: false, context: { reason } });

/** Answers by what subjects hold now, from the same table as forward-auth. */
export class Evaluation {
  readonly #parts: Parts;
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** A caller gets decisions on those APIs alone whose tokens it may introspect. */
  async decide({ subject, action, resource, organization }: Question, caller: Client): Promise<Decision> {
    const needed = await this.#needed(action, resource);
    if (typeof needed === 'string') return no(needed);
    const { api, permission } = needed;
    if (!mayAskAbout(caller, api.id)) return no('This caller gets no decisions on this API');
    const who = await this.#subject(subject);
    if (who === undefined) return no(`No active ${subject.type} has this id`);
    const { entitlements } = await this.#parts.decide.held(who, api.id, organization);
    return entitlements.includes(permission) ? { decision: true } : no(`This needs ${permission} on ${api.id}`);
  }

  async #needed(
    action: string,
    { type, id, host }: Question['resource'],
  ): Promise<{ api: Api; permission: string } | string> {
    if (type === 'api') {
      const api = await this.#parts.access.api(id);
      if (!api) return 'No API has this audience';
      return api.permissions.includes(action) ? { api, permission: action } : 'This API has no such permission';
    }
    if (type !== 'route') return 'The types of resources are route and api';
    const match = await this.#parts.routes.match({ method: action, path: id, host, template: true });
    return match ?? 'No route of an API takes this method, path and host';
  }

  /** `user:ID` or `client:ID`, while it may have tokens. */
  async #subject({ type, id }: Question['subject']): Promise<string | undefined> {
    const { users, clients } = this.#parts;
    if (type === 'user' || type === 'identity') {
      const user = await users.known(id);
      if (user) return user.state === 'active' ? `user:${user.id}` : undefined;
    }
    if (type !== 'client' && type !== 'identity') return undefined;
    const client = await clients.get(id);
    return client?.state === 'approved' ? `client:${client.id}` : undefined;
  }
}
