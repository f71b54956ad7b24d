import { invalid } from '../kernel/errors.ts';

/**
 * Every event that the audit trail knows, and the names of the facts that each may carry besides who, what and when. The
 * words are what operators search for. No fact is ever a secret, or anything by which one could be guessed.
 */
export const events = {
  'user.created': ['state'],
  'user.changed': ['changed'],
  'user.disabled': [],
  'user.enabled': [],
  'user.signed-out': [],
  'user.password-changed': [],
  'user.removed': [],
  'user.provisioned': ['connection'],
  'user.invited': [],
  'user.impersonated': ['reason', 'client', 'audience', 'until'],
  'user.password-reset-asked': ['reason'],
  'user.password-reset': [],
  'user.email-change-asked': [],
  'user.email-changed': [],
  'user.email-change-undone': [],
  'user.exported': [],

  'factor.added': ['kind', 'name'],
  'factor.renamed': ['kind'],
  'factor.removed': ['kind', 'name', 'reason'],
  'factor.blocked': ['kind'],
  'factor.refused': ['kind', 'reason'],
  'factors.reset': ['reason', 'count'],
  'recovery-codes.made': [],
  'recovery-code.used': ['left'],
  'enrolment-code.issued': ['by'],
  'enrolment-code.used': [],
  'enrolment-code.refused': [],
  'device.remembered': ['name'],
  'device.forgotten': ['count'],

  'mfa-policy.saved': ['secondFactor', 'level', 'grace', 'remember'],
  'mfa-policy.removed': [],

  'notice.sent': ['notice'],
  'notice.failed': ['notice', 'reason'],

  'identity.linked': ['connection'],
  'identity.unlinked': ['connection'],

  'api.saved': ['permissions', 'tokenFormat'],
  'api.removed': [],
  'role.saved': ['permissions', 'includes'],
  'role.removed': ['assignments'],
  'role.assigned': ['role', 'until', 'connection', 'organization'],
  'role.unassigned': ['role', 'connection', 'organization'],

  'group.saved': ['includes'],
  'group.removed': ['members'],
  'group.joined': ['group', 'until', 'connection'],
  'group.left': ['group', 'connection'],
  'organization.saved': ['changed'],
  'organization.removed': ['members'],
  'organization.joined': ['organization', 'connection'],
  'organization.left': ['organization'],
  'organization.scim-token-made': ['overlap'],
  'organization.scim-token-removed': [],
  'tier.saved': ['limits', 'excess'],
  'tier.removed': [],

  // Written down before it is done, so that nothing is done without a row; what came of it has the same request id.
  'admin.asked': ['operation', 'on'],
  'scim.asked': ['operation', 'on'],
  'account.asked': ['operation'],
  'registration.asked': ['operation', 'on'],
  'signin.asked': ['operation', 'client'],
  'system.asked': ['operation', 'on'],
  // Somebody may not do what they asked the administration for.
  'admin.refused': ['permission', 'operation', 'code', 'on'],

  'audit.key-rotated': ['key', 'from'],
  'audit.pruned': ['before', 'count'],

  'webhook.created': ['url'],
  'webhook.changed': ['changed'],
  'webhook.removed': [],
  'webhook.secret-rotated': ['overlap'],
  'webhook.failed': ['reason'],
  'stream.created': ['delivery'],
  'stream.changed': ['changed'],
  'stream.removed': [],

  'client.created': ['state', 'registrar', 'grants', 'pkce', 'firstParty', 'introspects'],
  'client.changed': ['changed', 'pkce', 'firstParty', 'introspects', 'tier'],
  'client.approved': ['tier', 'from', 'reason'],
  'client.rejected': ['tier', 'from', 'reason'],
  'client.suspended': ['tier', 'from', 'reason'],
  'client.resumed': ['tier', 'from', 'reason'],
  'client.revoked': ['tier', 'from', 'reason'],
  'client.removed': ['state'],
  'client.signed-out': ['grants'],
  'client.secret-rotated': ['overlap'],
  'client.introspection-token-made': ['overlap'],
  'client.introspection-token-removed': [],

  'registrar.created': ['approve', 'grants', 'scopes', 'redirectHosts', 'pkce', 'limit', 'expires'],
  'registrar.changed': ['changed'],
  'registrar.token-rotated': [],
  'registrar.removed': [],
  'registration.refused': ['code', 'reason'],

  'connection.created': ['kind', 'preset', 'mfa', 'provision', 'declared'],
  'connection.changed': ['changed', 'mfa', 'provision', 'declared'],
  'connection.removed': [],
  'connection.enabled': [],
  'connection.disabled': ['reason'],
  'connection.refreshed': ['changed'],
  'connection.refresh-failed': ['reason'],
  'connection.certificates-changed': ['added', 'removed'],
  'connection.certificate-expires': ['fingerprint', 'expires'],
  'connection.tested': ['result', 'reason', 'check'],
  'connection.keys-rotated': ['use', 'atOnce'],

  'setup-link.made': ['link', 'expires'],
  'setup-link.opened': ['link', 'until', 'state'],
  'setup-link.ended': ['link'],

  'domain.added': ['connection'],
  'domain.verified': ['connection', 'method'],
  'domain.lapsed': ['connection'],
  'domain.removed': ['connection'],

  'signin.succeeded': ['method', 'client', 'factor', 'acr', 'device', 'browser'],
  'signin.failed': ['method', 'client', 'reason', 'check', 'advice'],
  'signin.slowed': ['method', 'client', 'retryAfter'],
  'consent.given': ['client', 'scope'],
  'consent.denied': ['client', 'scope'],
  'consent.withdrawn': ['client'],
  'session.ended': ['reason', 'client', 'connection', 'untold'],
  'logout.refused': ['connection', 'method', 'reason', 'check'],

  'code.replayed': ['client', 'grant', 'subject', 'audiences'],
  'device-code.replayed': ['client', 'grant', 'subject', 'audiences'],
  // Each is told once in two minutes by client, person and place.
  'assertion.replayed': ['client'],
  'proof.replayed': ['client', 'subject', 'at'],
  'refresh-token.replayed': ['client', 'grant', 'subject', 'audiences'],
  // Of what a person holds; programs that get tokens for themselves are counted, not told one by one (http/metrics.ts).
  'token.issued': ['client', 'grant', 'format', 'jti', 'subject', 'audience'],
  // Neither is told again within a minute of the same client, for the same reason, from the same address.
  'client.refused': ['client', 'at', 'reason'],
  'introspection.refused': ['client', 'audience', 'subject', 'reason'],
  // `jti` is the public name that introspection tells, never the value of a token; `subject` is its `sub`.
  'token.revoked': ['client', 'kind', 'jti', 'subject', 'audiences'],

  'key.created': ['alg', 'from'],
  'key.rotated': ['atOnce'],
  'master-key.rotated': [],
  'store.backed-up': [],
  'store.restored': ['keptOpen'],
} as const satisfies Record<string, readonly string[]>;

/** The closed list of event types. */
export type EventType = keyof typeof events;

/** Throws `invalid` for a type that does not exist. */
export function checkType(type: string | undefined): void {
  if (type === undefined || Object.hasOwn(events, type)) return;
  throw invalid(`There is no event type ${type}; there are ${Object.keys(events).join(', ')}`);
}

/**
 * The events after which an answer that a gateway keeps may be wrong: whoever listens for revocations reads these alone.
 * A new type of event that changes what introspection says belongs here; src/signals/signal.ts says what it comes to.
 */
export const unsettling = [
  ...['user.changed', 'user.disabled', 'user.enabled', 'user.signed-out', 'user.removed'],
  ...['user.password-changed', 'user.password-reset', 'user.email-changed', 'user.email-change-undone'],
  ...['factor.added', 'factor.removed', 'factors.reset'],
  ...['api.saved', 'api.removed', 'role.saved', 'role.removed', 'role.assigned', 'role.unassigned'],
  ...['group.saved', 'group.removed', 'group.joined', 'group.left'],
  ...['organization.saved', 'organization.removed', 'organization.joined', 'organization.left'],
  ...['tier.saved', 'tier.removed'],
  ...['client.changed', 'client.approved', 'client.resumed'],
  ...['client.rejected', 'client.suspended', 'client.revoked', 'client.removed', 'client.signed-out'],
  ...['consent.withdrawn', 'session.ended', 'code.replayed', 'device-code.replayed'],
  ...['refresh-token.replayed', 'token.revoked'],
  'store.restored',
] as const satisfies readonly EventType[];
export type Unsettling = (typeof unsettling)[number];

const askedTypes: ReadonlySet<string> = new Set<EventType>([
  'admin.asked',
  'scim.asked',
  'account.asked',
  'registration.asked',
  'signin.asked',
  'system.asked',
]);
/** Whether it only says that something was asked for: whoever reads what happened reads it twice with these. */
export const isAsked = (type: string): boolean => askedTypes.has(type);

/** A fact that an event carries. */
export type Fact = string | number | boolean;

interface Circumstances {
  /** `cli`, `system`, `anonymous`, `user:ID`, `client:ID`, `registrar:NAME`, `connection:ID`, `setup-link:ID` or `scim:ORGANIZATION`. */
  actor: string;
  /** `user:ID`, `client:ID`, `registrar:NAME`, `api:AUDIENCE`, `role:NAME`, `key:ID` … */
  target?: string;
  outcome?: 'success' | 'failure';
  requestId?: string;
  ip?: string;
}

/** What happened, who did it, to what, and the facts that belong to this type. */
export type AuditEvent = {
  [T in EventType]: Circumstances & { type: T; detail?: { [name in (typeof events)[T][number]]?: Fact | undefined } };
}[EventType];
