import { type FormField, formContent } from '../../views/admin/form-page.ts';
import type { Room } from '../../views/admin/frame.ts';
import { type ConsoleQuestion, consoleQuestion } from '../../views/admin/question.ts';
import { strong } from '../../views/layout.ts';
import type { Key } from '../../views/words.ts';
import type { Html } from '../kernel/html.ts';
import { etagFor, filledForm } from './console-form.ts';
import { type ConsolePage, type ConsoleReply, type ConsoleVisit, consolePage, matchOf } from './console-page.ts';

/** What a page asks about, the state of it that the form is made of, and the page to go back to. */
export interface Thing {
  name: string;
  back: string;
  etag?: string;
}

type Place = Pick<ConsolePage, 'path' | 'fresh' | 'keeps'> & { room: Room; calls: string };

/** What is asked about a deed, by the part of its name that `.title`, `.sentence`, `.deed` and `.done` follow. */
type Asks = {
  [K in Key]: K extends `console.${infer T}.deed`
    ? `console.${T}.title` | `console.${T}.sentence` | `console.${T}.done` extends Key
      ? T
      : never
    : never;
}[Key];

/** A deed that is asked about before. */
export interface Asking extends Place {
  text: Asks;
  danger?: true;
  /** A reason has to be said. */
  reason?: true;
  of(visit: ConsoleVisit): Promise<Thing>;
  pick?(visit: ConsoleVisit): Promise<NonNullable<ConsoleQuestion['pick']>>;
  /** Does it; without it, the operation is called with what stands in the address. Answers the page that comes, if it is another than the one to go back to. */
  run?(visit: ConsoleVisit, form: ReadonlyMap<string, string>, thing: Thing): Promise<ConsoleReply | undefined>;
  /** Where to go on when the thing is gone then. */
  list?: string;
}

/** A page that asks before something is done, and says then that it was. */
export const askingPage = ({ text, danger, reason, of, pick, run, list, ...place }: Asking): ConsolePage =>
  consolePage({
    ...place,
    ...(reason && { keeps: ['reason'] }),
    async get(visit) {
      const { frame, typed } = visit;
      const { say } = frame;
      const { name, back, etag } = await of(visit);
      const content = consoleQuestion(frame, {
        title: say(`console.${text}.title`, { name: strong(name) }),
        sentence: say(`console.${text}.sentence`),
        deed: say(`console.${text}.deed`),
        reason: reason && { typed: typed.get('reason') ?? '', required: true },
        pick: await pick?.(visit),
        ...{ etag, danger, back },
      });
      return { title: say(`console.${text}.title`, { name }), content };
    },
    async post(visit, form) {
      const thing = await of(visit);
      const reply = await (run ? run(visit, form, thing) : call(visit, form, place.calls));
      return reply ?? { goOn: list ?? thing.back, said: { key: `console.${text}.done`, values: { name: thing.name } } };
    },
  });

async function call(visit: ConsoleVisit, form: ReadonlyMap<string, string>, operation: string): Promise<undefined> {
  await visit.do(operation, { params: visit.params, match: matchOf(form) });
}

/** A form of several fields. */
export interface Filling<N extends string> extends Omit<Place, 'keeps'> {
  title(visit: ConsoleVisit, name: string): Html;
  about?(visit: ConsoleVisit): Html;
  fields(visit: ConsoleVisit): Promise<readonly (FormField & { name: N })[]>;
  /** What stands in the fields at first, and what they are of. */
  now(visit: ConsoleVisit): Promise<Thing & { values: Readonly<Record<N, string>> }>;
  names: readonly NoInfer<N>[];
  deed: Key;
  send(visit: ConsoleVisit, form: ReadonlyMap<string, string>): Promise<ConsoleReply>;
}

/** The page of a form, which keeps what was typed and tells what somebody else has changed meanwhile. */
export const fillingPage = <N extends string>(filling: Filling<N>): ConsolePage => {
  const { title, about, fields, now, deed, send, names, ...place } = filling;
  return consolePage({
    ...place,
    keeps: [...names, 'was', 'etag'],
    async get(visit) {
      const { frame } = visit;
      const { name, back, etag, values } = await now(visit);
      const all = await fields(visit);
      const labels = Object.fromEntries(all.map((one) => [one.name, one.label])) as Partial<Record<N, Html>>;
      const { value, was, conflicts: conflicting } = filledForm(visit, values, labels);
      const heading = title(visit, name);
      const content = formContent(frame, {
        title: heading,
        about: about?.(visit),
        fields: all.map((one) => ({ ...one, value: value(one.name) })),
        ...(etag === undefined ? {} : { etag: etagFor(visit, etag), was }),
        ...{ conflicting, deed: frame.say(deed), back },
      });
      return { title: heading, content };
    },
    post: send,
  });
};
