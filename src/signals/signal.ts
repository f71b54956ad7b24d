import type { Unsettling } from '../audit/events.ts';
import type { UnsettlingEvent } from '../audit/trail.ts';

/** What may have happened to the answers that a gateway keeps. */
export const signalTypes = [
  'token.revoked',
  'grant.revoked',
  'session.ended',
  'subject.changed',
  'subject.disabled',
  'credentials.changed',
  'client.changed',
  'client.ended',
  'access.changed',
] as const;
export type SignalType = (typeof signalTypes)[number];

/** Something that was revoked or changed, in the words of introspection; what is not named is not narrowed down. */
export interface Signal {
  /** The id of the audit event behind it: unique, and about in the order of time. */
  id: string;
  /** Milliseconds since the epoch. */
  at: number;
  type: SignalType;
  /** The `sub` of the tokens: a person, or a client for its own tokens. */
  sub?: string;
  client?: string;
  /** The `jti` that introspection tells; never the value of a token. */
  jti?: string;
  /** The only APIs whose tokens are meant; undefined when they are not known, or all are. */
  audiences?: readonly string[];
  /** The type of the audit event. */
  reason: Unsettling;
  /** Who did it, as far as CAEP wants to know. */
  by: 'admin' | 'user' | 'system';
  /** Which kind of credential was changed, and what was done with it. */
  credential?: { kind: string; change: 'create' | 'update' | 'revoke' };
}

type Told = Omit<Signal, 'id' | 'at' | 'reason' | 'by'>;
type Telling = (event: UnsettlingEvent) => Told;

const text = (fact: unknown): string | undefined => (typeof fact === 'string' && fact !== '' ? fact : undefined);
const named = (whole: string | undefined, prefix: string): string | undefined =>
  whole?.startsWith(prefix) ? whole.slice(prefix.length) : undefined;

/** A person or a client; groups, commands and the system are nobody's `sub`. */
const subOf = (subject: string | undefined): string | undefined => named(subject, 'user:') ?? named(subject, 'client:');
const person = (event: UnsettlingEvent): string | undefined =>
  named(event.target, 'user:') ?? named(event.actor, 'user:');

const given = (told: { [N in keyof Told]: Told[N] | undefined } & { type: SignalType }): Told =>
  Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined)) as unknown as Told;

/** Of one person or client; when it is a group, or nobody is named, it may be anybody. */
const aboutSubject =
  (type: SignalType, whose = ({ target }: UnsettlingEvent) => subOf(target)): Telling =>
  (event) => {
    const sub = whose(event);
    return sub === undefined ? { type: 'access.changed' } : { type, sub };
  };

const aboutCredential =
  (change: 'create' | 'update' | 'revoke', usual: string): Telling =>
  (event) => {
    const credential = { kind: text(event.detail?.kind) ?? usual, change };
    return { ...aboutSubject('credentials.changed', person)(event), credential };
  };

const aboutClient =
  (type: SignalType): Telling =>
  ({ target }) =>
    given({ type, client: named(target, 'client:') });

const everybody: Telling = () => ({ type: 'access.changed' });

const oneApi: Telling = ({ target }) => {
  const audience = named(target, 'api:');
  return given({ type: 'access.changed', audiences: audience === undefined ? undefined : [audience] });
};

const apis = (fact: unknown): string[] | undefined =>
  typeof fact === 'string' ? fact.split(' ').filter(Boolean) : undefined;

const grant: Telling = ({ detail = {} }) =>
  given({
    type: 'grant.revoked',
    sub: text(detail.subject),
    client: text(detail.client),
    audiences: apis(detail.audiences),
  });

const token: Telling = (event) =>
  event.detail?.kind === 'refresh token'
    ? grant(event)
    : { ...grant(event), ...given({ type: 'token.revoked', jti: text(event.detail?.jti) }) };

const withdrawn: Telling = ({ actor, target }) =>
  given({ type: 'grant.revoked', sub: named(actor, 'user:'), client: named(target, 'client:') });

/**
 * What each event comes to. An assignment or membership that ends by its time makes no event and needs none: an answer that
 * rests on it ends with it (protocol/token-status.ts).
 */
const tellings: Readonly<Record<Unsettling, Telling>> = {
  'user.changed': aboutSubject('subject.changed'),
  'user.enabled': aboutSubject('subject.changed'),
  'user.email-changed': aboutSubject('subject.changed'),
  'user.email-change-undone': aboutSubject('subject.changed'),
  'user.disabled': aboutSubject('subject.disabled'),
  'user.removed': aboutSubject('subject.disabled'),
  'user.signed-out': aboutSubject('session.ended'),
  'user.password-changed': aboutCredential('update', 'password'),
  'user.password-reset': aboutCredential('update', 'password'),
  'factor.added': aboutCredential('create', 'factor'),
  'factor.removed': aboutCredential('revoke', 'factor'),
  'factors.reset': aboutCredential('revoke', 'factor'),
  'api.saved': oneApi,
  'api.removed': oneApi,
  'role.saved': everybody,
  'role.removed': everybody,
  'role.assigned': aboutSubject('subject.changed'),
  'role.unassigned': aboutSubject('subject.changed'),
  'group.saved': everybody,
  'group.removed': everybody,
  'group.joined': aboutSubject('subject.changed'),
  'group.left': aboutSubject('subject.changed'),
  'organization.saved': everybody,
  'organization.removed': everybody,
  'organization.joined': aboutSubject('subject.changed'),
  'organization.left': aboutSubject('subject.changed'),
  'tier.saved': everybody,
  'tier.removed': everybody,
  'client.changed': aboutClient('client.changed'),
  'client.approved': aboutClient('client.changed'),
  'client.resumed': aboutClient('client.changed'),
  'client.rejected': aboutClient('client.ended'),
  'client.suspended': aboutClient('client.ended'),
  'client.revoked': aboutClient('client.ended'),
  'client.removed': aboutClient('client.ended'),
  'client.signed-out': ({ target }) => given({ type: 'grant.revoked', client: named(target, 'client:') }),
  'consent.withdrawn': withdrawn,
  'session.ended': aboutSubject('session.ended', person),
  'code.replayed': grant,
  'device-code.replayed': grant,
  'refresh-token.replayed': grant,
  'token.revoked': token,
  'store.restored': everybody,
};

function byWhom({ actor, target }: UnsettlingEvent): Signal['by'] {
  if (actor === 'cli') return 'admin';
  if (!actor.startsWith('user:')) return 'system';
  return target?.startsWith('client:') || target === undefined || target === actor ? 'user' : 'admin';
}

/** What gateways and receivers are told of an event. */
export function signalOf(event: UnsettlingEvent): Signal {
  const { id, at, type: reason } = event;
  return { id, at, ...tellings[reason](event), reason, by: byWhom(event) };
}

/** Tokens, grants and sessions are read from the store at every question; all else may come from a memory for a second. */
const atOnce: ReadonlySet<Unsettling> = new Set<Unsettling>([
  'token.revoked',
  'code.replayed',
  'device-code.replayed',
  'refresh-token.replayed',
  'consent.withdrawn',
  'session.ended',
]);

/** Whether every process answers by what has happened from the moment when it is recorded. */
export const isSettled = ({ reason }: Pick<Signal, 'reason'>): boolean => atOnce.has(reason);

/**
 * What somebody who may introspect tokens for these APIs may hear of it; undefined for nothing. Which client a person uses is
 * told only to those whose API it is about.
 */
export function audibleTo(signal: Signal, introspects: 'all' | readonly string[]): Signal | undefined {
  if (introspects === 'all') return signal;
  const { audiences, client, ...rest } = signal;
  if (audiences !== undefined) {
    const own = audiences.filter((one) => introspects.includes(one));
    return own.length === 0 ? undefined : { ...signal, audiences: own };
  }
  return signal.type === 'grant.revoked' || client === undefined ? rest : { ...rest, client };
}
