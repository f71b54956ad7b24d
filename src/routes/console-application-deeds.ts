import type { ApplicationView } from '../../views/admin/applications.ts';
import type { Deed } from '../../views/admin/parts.ts';
import { consoleQuestion } from '../../views/admin/question.ts';
import { strong } from '../../views/layout.ts';
import { isBuiltInClient } from '../clients/built-in.ts';
import { applicationOf, applicationsPath, tiersOf } from './console-applications.ts';
import { type ConsolePage, type ConsoleVisit, consolePage, filled, matchOf } from './console-page.ts';

const verbs = ['approve', 'reject', 'suspend', 'resume', 'revoke', 'remove'] as const;
type Verb = (typeof verbs)[number];

interface Decision {
  operation: string;
  /** From which states it leads on. */
  from: readonly ApplicationView['state'][];
  says?: 'tier' | 'reason';
  danger?: true;
  /** Giving power, or taking it for ever, needs a fresh sign-in; keeping somebody out must be quick. */
  fresh?: true;
}

const decisions: Record<Verb, Decision> = {
  approve: { operation: 'approveClient', from: ['pending'], says: 'tier', fresh: true },
  reject: { operation: 'rejectClient', from: ['pending'], says: 'reason', danger: true },
  suspend: { operation: 'suspendClient', from: ['approved'], says: 'reason', danger: true },
  resume: { operation: 'resumeClient', from: ['suspended'], fresh: true },
  revoke: { operation: 'revokeClient', from: ['approved', 'suspended'], says: 'reason', danger: true, fresh: true },
  remove: {
    operation: 'removeClient',
    from: ['pending', 'approved', 'rejected', 'suspended', 'revoked'],
    danger: true,
    fresh: true,
  },
};

/** What this person may do with an application, each on a page that asks before. */
export function applicationDeeds(visit: ConsoleVisit, { id, href, state }: ApplicationView): Deed[] {
  // The pages of this server itself are what they are.
  if (isBuiltInClient(id)) return [];
  const { say } = visit.frame;
  const possible = verbs.filter((verb) => decisions[verb].from.includes(state) && visit.may(decisions[verb].operation));
  return [
    ...(visit.may('changeClient')
      ? [
          { href: `${href}/edit`, text: say('console.edit') },
          { href: `${href}/gateway`, text: say('console.gateways.as') },
        ]
      : []),
    ...possible.map((verb) => {
      const kind = verb === 'approve' ? ('primary' as const) : decisions[verb].danger && ('danger' as const);
      return { href: `${href}/${verb}`, text: say(`console.applications.${verb}`), ...(kind ? { kind } : {}) };
    }),
  ];
}

/** The pages that ask before something is done to an application. */
export const applicationDeedPages: readonly ConsolePage[] = verbs.map((verb) => {
  const { operation, says, danger, fresh } = decisions[verb];
  return consolePage({
    path: `${applicationsPath}/:id/${verb}`,
    room: applicationsPath,
    calls: operation,
    ...(fresh && { fresh }),
    ...(says && { keeps: [says] }),
    async get(visit) {
      const { frame, typed } = visit;
      const { say } = frame;
      const { one, etag } = await applicationOf(visit);
      const title = say(`console.applications.${verb}.title`, { name: strong(one.name) });
      const tiers = says === 'tier' ? await tiersOf(visit) : [];
      const content = consoleQuestion(frame, {
        ...{ title, etag, danger, back: one.href },
        sentence: say(`console.applications.${verb}.sentence`),
        deed: say(`console.applications.${verb}`),
        reason: says === 'reason' ? { typed: typed.get('reason') ?? '', required: false } : undefined,
        pick: says === 'tier' ? tierPick(visit, tiers) : undefined,
      });
      return { title: say(`console.applications.${verb}.title`, { name: one.name }), content };
    },
    async post(visit, form) {
      const { one } = await applicationOf(visit);
      const given = { params: { id: one.id }, match: matchOf(form) };
      await visit.do(operation, verb === 'remove' ? given : { ...given, body: says ? filled(form, says) : {} });
      const said = { key: `console.applications.${verb}.done`, values: { name: one.name } } as const;
      const toList = verb === 'remove' || one.state === 'pending';
      return { goOn: toList ? applicationsPath : one.href, said };
    },
  });
});

function tierPick({ frame, typed }: ConsoleVisit, tiers: readonly string[]) {
  const { say } = frame;
  return {
    name: 'tier',
    label: say('console.applications.tier'),
    value: typed.get('tier') ?? '',
    options: [['', say('console.applications.no-tier')], ...tiers.map((tier) => [tier, tier] as const)] as const,
  };
}
