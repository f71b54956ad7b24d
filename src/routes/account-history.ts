import { type EventView, historyContent } from '../../views/account/history.ts';
import type { Frame } from '../../views/layout.ts';
import type { Key } from '../../views/words.ts';
import type { EventType } from '../audit/events.ts';
import { history } from '../audit/history.ts';
import type { Recorded, Trail } from '../audit/trail.ts';
import type { Clients } from '../clients/clients.ts';
import type { Connections } from '../federation/connections.ts';
import type { Html } from '../kernel/html.ts';
import { parameter } from './account-list.ts';
import { type AccountPage, accountPage, type Visit } from './account-page.ts';

interface Parts {
  trail: Trail;
  clients: Clients;
  connections: Connections;
}

const list = '/account/history';
const perPage = 50;

/** What people are told of their own account, and how; everything else is for operators. */
const sentences = {
  'signin.succeeded': 'account.history.signin.succeeded',
  'signin.failed': 'account.history.signin.failed',
  'session.ended': 'account.history.session.ended',
  'user.created': 'account.history.user.created',
  'user.provisioned': 'account.history.user.provisioned',
  'user.changed': 'account.history.user.changed',
  'user.disabled': 'account.history.user.disabled',
  'user.enabled': 'account.history.user.enabled',
  'user.signed-out': 'account.history.user.signed-out',
  'user.password-changed': 'account.history.user.password-changed',
  'user.impersonated': 'account.history.user.impersonated',
  'user.invited': 'account.history.user.invited',
  'user.password-reset-asked': 'account.history.user.password-reset-asked',
  'user.password-reset': 'account.history.user.password-reset',
  'user.email-change-asked': 'account.history.user.email-change-asked',
  'user.email-changed': 'account.history.user.email-changed',
  'user.email-change-undone': 'account.history.user.email-change-undone',
  'user.exported': 'account.history.user.exported',
  'factor.added': 'account.history.factor.added',
  'factor.renamed': 'account.history.factor.renamed',
  'factor.removed': 'account.history.factor.removed',
  'factor.blocked': 'account.history.factor.blocked',
  'factors.reset': 'account.history.factors.reset',
  'recovery-codes.made': 'account.history.recovery-codes.made',
  'recovery-code.used': 'account.history.recovery-code.used',
  'enrolment-code.issued': 'account.history.enrolment-code.issued',
  'device.remembered': 'account.history.device.remembered',
  'device.forgotten': 'account.history.device.forgotten',
  'identity.linked': 'account.history.identity.linked',
  'identity.unlinked': 'account.history.identity.unlinked',
  'role.assigned': 'account.history.role.assigned',
  'role.unassigned': 'account.history.role.unassigned',
  'group.joined': 'account.history.group.joined',
  'group.left': 'account.history.group.left',
  'organization.joined': 'account.history.organization.joined',
  'organization.left': 'account.history.organization.left',
  'consent.given': 'account.history.consent.given',
  'consent.denied': 'account.history.consent.denied',
  'consent.withdrawn': 'account.history.consent.withdrawn',
} as const satisfies Partial<Record<EventType, Key>>;

type Told = keyof typeof sentences;

const isTold = (type: string): type is Told => Object.hasOwn(sentences, type);

/** Deeds of the person on somebody else (an administrator's) are not about this account. */
const about = (subject: string, event: Recorded): boolean => {
  const { actor, target, type } = event;
  if (!isTold(type) || (type === 'user.changed' && isToldOtherwise(subject, event))) return false;
  return target === subject || (actor === subject && type.startsWith('consent.'));
};

/** A change of address by the person has an event of its own. */
const isToldOtherwise = (subject: string, { actor, detail }: Recorded): boolean =>
  actor === subject && detail?.changed === 'email emailVerified';

/** What happened to somebody's account. */
export const historyPages = (parts: Parts): AccountPage[] => [
  accountPage({
    path: list,
    room: list,
    needs: 'session',
    async get(visit) {
      const { ctx, frame, user } = visit;
      const subject = `user:${user.id}`;
      const before = parameter(ctx, 'before')?.slice(0, 100);
      const tells = (event: Recorded) => about(subject, event);
      const { events, next } = await history(parts.trail, { subject, before, limit: perPage, tells });
      const content = historyContent(frame, {
        all: await Promise.all(events.map((event) => viewOf(parts, visit, event))),
        older: next === undefined ? undefined : `${list}?before=${encodeURIComponent(next)}`,
        newest: before === undefined ? undefined : list,
        timeZone: user.profile.zoneinfo,
      });
      return { title: frame.say('account.nav.history'), content };
    },
  }),
];

async function viewOf(parts: Parts, { frame, user }: Visit, event: Recorded): Promise<EventView> {
  const { type, actor, at, ip, outcome, detail = {} } = event;
  const key = isTold(type) ? sentences[type] : 'account.history.other';
  const client = detail.client === undefined ? undefined : await nameOf(parts.clients, String(detail.client));
  const connection =
    detail.connection === undefined ? undefined : await nameOf(parts.connections, String(detail.connection));
  const values = {
    ...detail,
    client: client ?? frame.say('account.history.no-client'),
    connection: connection ?? '',
    kind: frame.say(kinds[String(detail.kind)] ?? 'account.history.factor'),
    how: await how(parts, frame, detail),
    changed: changed(frame, String(detail.changed ?? '')),
    name: detail.name ?? '',
    role: detail.role ?? '',
    group: detail.group ?? '',
    organization: detail.organization ?? '',
    left: detail.left ?? '',
  };
  return {
    sentence: frame.say(key, printable(values)),
    ...{ at, ip, by: await by(parts, frame, { actor, self: `user:${user.id}` }), failure: outcome === 'failure' },
  };
}

const printable = (values: Record<string, Html | string | number | boolean>) =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === 'boolean' ? String(value) : value]),
  );

const kinds: Record<string, Key> = {
  totp: 'account.history.kind.totp',
  webauthn: 'account.history.kind.webauthn',
  'recovery-codes': 'account.history.kind.recovery-codes',
};

const methods: Record<string, Key> = {
  password: 'account.history.how.password',
  passkey: 'account.history.how.passkey',
  webauthn: 'account.history.how.passkey',
};

/** With what the person signed in, or tried to: ours by its name, a provider by its own. */
async function how(parts: Parts, frame: Frame, { method, factor }: Record<string, unknown>): Promise<Html | string> {
  const known = methods[String(method)];
  const first = known ? frame.say(known) : await nameOf(parts.connections, String(method));
  const second = kinds[String(factor)];
  return second ? frame.say('account.history.how.both', { first, second: frame.say(second) }) : first;
}

/** What of the profile was changed, in the words of its page. */
function changed(frame: Frame, names: string): string {
  const labels: Record<string, Key> = {
    email: 'account.history.changed.email',
    emailVerified: 'account.history.changed.email',
    ...profileLabels,
  };
  return [...new Set(names.split(' ').map((name) => (labels[name] ? String(frame.say(labels[name])) : name)))].join(
    ', ',
  );
}

const profileLabels = {
  name: 'account.profile.name',
  given_name: 'account.profile.given_name',
  family_name: 'account.profile.family_name',
  nickname: 'account.profile.nickname',
  phone_number: 'account.profile.phone_number',
  phone_number_verified: 'account.profile.phone_number',
  picture: 'account.profile.picture',
  website: 'account.profile.website',
  locale: 'account.profile.locale',
  zoneinfo: 'account.profile.zoneinfo',
} as const satisfies Record<string, Key>;

async function by(
  parts: Parts,
  frame: Frame,
  { actor, self }: { actor: string; self: string },
): Promise<Html | undefined> {
  if (actor === self || actor === 'anonymous') return undefined;
  const [, connection] = /^connection:(.+)$/.exec(actor) ?? [];
  if (connection === undefined)
    return frame.say(actor === 'system' ? 'account.history.by.system' : 'account.history.by.administrator');
  return frame.say('account.history.by.connection', { connection: await nameOf(parts.connections, connection) });
}

/** What something is called now; its id when it is no more. */
async function nameOf(all: { get(id: string): Promise<{ name: string } | undefined> }, id: string): Promise<string> {
  return (await all.get(id))?.name ?? id;
}
