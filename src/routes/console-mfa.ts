import type { z } from 'zod';
import type { FormField } from '../../views/admin/form-page.ts';
import {
  type PolicyView,
  policiesContent,
  policyContent,
  policyFor,
  policySays,
} from '../../views/admin/mfa-policies.ts';
import type { OrganizationPolicy } from '../../views/admin/organizations.ts';
import type { Deed } from '../../views/admin/parts.ts';
import { plain } from '../../views/words.ts';
import { policyLevels, secondFactors } from '../factors/policies.ts';
import { invalid } from '../kernel/errors.ts';
import { earlier } from './console-form.ts';
import { askingPage, fillingPage, type Thing } from './console-forms.ts';
import {
  type ConsolePage,
  type ConsoleReply,
  type ConsoleVisit,
  consoleAt,
  consolePage,
  matchOf,
} from './console-page.ts';
import { pageOf, partPage, settings, someOf } from './console-settings-parts.ts';
import { mfaPolicyReply } from './mfa-policy-document.ts';

const room = settings;
const path = `${settings}/second-factors`;
const at = `${path}/:id`;
const day = 24 * 60 * 60;

const daysOf = (seconds: number | undefined): number | undefined =>
  seconds === undefined ? undefined : Math.round((seconds / day) * 1000) / 1000;

const policyView = ({
  id,
  second_factor: secondFactor,
  level,
  ...times
}: z.output<typeof mfaPolicyReply>): PolicyView => ({
  ...{ subject: id, href: consoleAt('settings', 'second-factors', id), secondFactor, level },
  ...{ grace: daysOf(times.grace), remember: daysOf(times.remember) },
});

/** Those policies of these subjects that there are. */
export async function policiesOf(visit: ConsoleVisit, subjects: readonly string[]): Promise<OrganizationPolicy[]> {
  const all = await someOf(visit, 'listMfaPolicies', mfaPolicyReply);
  return all
    .filter(({ id }) => subjects.includes(id))
    .map(policyView)
    .map((one) => ({ subject: one.subject, href: one.href, says: policySays(visit.frame, one) }));
}

async function policyOf(visit: ConsoleVisit): Promise<{ one: PolicyView; etag: string }> {
  const { reply, etag } = await visit.run('getMfaPolicy', mfaPolicyReply, { params: { id: visit.params.id ?? '' } });
  return { one: policyView(reply), etag };
}

const listPage = partPage(
  'second-factors',
  async (visit) => {
    const { items, first, next } = await pageOf(visit, { operation: 'listMfaPolicies', item: mfaPolicyReply, path });
    const made = items.filter(({ id }) => id !== 'default').map(policyView);
    const usual = await visit.read('getMfaPolicy', mfaPolicyReply, { params: { id: 'default' } });
    const all = first === undefined ? [policyView(usual), ...made] : made;
    return policiesContent(visit.frame, { all, first, next });
  },
  { add: 'changeMfaPolicy' },
);

const onePage = consolePage({
  path: at,
  ...{ room, calls: 'getMfaPolicy' },
  async get(visit) {
    const { say } = visit.frame;
    const { one } = await policyOf(visit);
    const deeds: Deed[] = [];
    if (visit.may('changeMfaPolicy')) deeds.push({ href: `${one.href}/edit`, text: say('console.edit') });
    if (visit.may('removeMfaPolicy'))
      deeds.push({ href: `${one.href}/remove`, text: say('console.mfa.remove.deed'), kind: 'danger' });
    return { title: policyFor(visit.frame, one.subject), content: policyContent(visit.frame, one, deeds) };
  },
});

type Name = 'subject' | 'second_factor' | 'level' | 'grace' | 'remember';
type Field = FormField & { name: Name };

function rulesFields({ frame: { say } }: ConsoleVisit): Field[] {
  const left = ['', say('console.mfa.left')] as const;
  const days = (name: 'grace' | 'remember'): Field => ({
    ...{ name, label: say(`console.mfa.${name}`), hint: say(`console.mfa.${name}.hint`), maxlength: 10 },
  });
  return [
    {
      ...{ name: 'second_factor', label: say('console.mfa.second-factor') },
      options: [left, ...secondFactors.map((one) => [one, say(`console.mfa.second-factor.${one}`)] as const)],
    },
    {
      ...{ name: 'level', label: say('console.mfa.level') },
      options: [left, ...policyLevels.map((one) => [one, say(`console.mfa.level.${one}`)] as const)],
    },
    ...[days('grace'), days('remember')],
  ];
}

function seconds(form: ReadonlyMap<string, string>, name: string): number | null {
  const text = form.get(name)?.trim().replace(',', '.') ?? '';
  if (text === '') return null;
  const days = /^\d{1,4}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(days))
    throw invalid('Times are in days, such as 7 or 0.5; leave a time empty to leave it to the other policies');
  return Math.round(days * day);
}

/** Makes or changes the policy of a subject. */
async function save(visit: ConsoleVisit, form: ReadonlyMap<string, string>, id: string): Promise<ConsoleReply> {
  const was = earlier(form.get('was'));
  const said = {
    ...{ second_factor: form.get('second_factor') || null, level: form.get('level') || null },
    ...{ grace: seconds(form, 'grace'), remember: seconds(form, 'remember') },
  };
  // What was not touched is not sent: days are shown rounded, and with `default` stands what the configuration says.
  const body = Object.fromEntries(Object.entries(said).filter(([name]) => was?.[name] !== (form.get(name) ?? '')));
  const made = await visit.read('changeMfaPolicy', mfaPolicyReply, { params: { id }, body, match: matchOf(form) });
  const { href, subject } = policyView(made);
  return { goOn: href, said: { key: 'console.saved', values: { name: plain(policyFor(visit.frame, subject)) } } };
}

const names = ['subject', 'second_factor', 'level', 'grace', 'remember'] as const;

const addPage = fillingPage<Name>({
  path: `${path}/new`,
  ...{ room, calls: 'changeMfaPolicy', fresh: true, names },
  title: ({ frame }) => frame.say('console.mfa.add'),
  about: ({ frame }) => frame.say('console.mfa.order'),
  deed: 'console.save',
  async fields(visit) {
    const { say } = visit.frame;
    const subject: Field = {
      ...{ name: 'subject', label: say('console.mfa.subject'), hint: say('console.mfa.subject.hint') },
      ...{ required: true, maxlength: 300 },
    };
    return [subject, ...rulesFields(visit)];
  },
  now: async () => ({
    ...{ name: '', back: path },
    values: { subject: '', second_factor: 'required', level: '', grace: '', remember: '' },
  }),
  send: (visit, form) => save(visit, form, form.get('subject')?.trim() ?? ''),
});

const thingOf = async (visit: ConsoleVisit): Promise<Thing & { one: PolicyView }> => {
  const { one, etag } = await policyOf(visit);
  return { one, name: plain(policyFor(visit.frame, one.subject)), back: one.href, etag };
};

const editPage = fillingPage<Name>({
  path: `${at}/edit`,
  ...{ room, calls: 'changeMfaPolicy', fresh: true, names },
  title: ({ frame }, name) => frame.say('console.mfa.edit', { name }),
  about: ({ frame }) => frame.say('console.mfa.order'),
  deed: 'console.save',
  fields: async (visit) => rulesFields(visit),
  async now(visit) {
    const { one, ...thing } = await thingOf(visit);
    const { subject, secondFactor: second_factor = '', level = '', grace = '', remember = '' } = one;
    return { ...thing, values: { subject, second_factor, level, grace: String(grace), remember: String(remember) } };
  },
  send: (visit, form) => save(visit, form, visit.params.id ?? ''),
});

const removePage = askingPage({
  path: `${at}/remove`,
  ...{ room, calls: 'removeMfaPolicy', fresh: true, danger: true, text: 'mfa.remove', list: path },
  of: thingOf,
});

/** The policies of second factors. */
export const mfaPages: readonly ConsolePage[] = [listPage, addPage, onePage, editPage, removePage];
