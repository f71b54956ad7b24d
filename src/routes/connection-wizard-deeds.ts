import { consoleQuestion } from '../../views/admin/question.ts';
import { strong } from '../../views/layout.ts';
import { patternOf, setupOf, type WizardPlace } from './connection-wizard-place.ts';
import { type ConsolePage, consolePage, matchOf } from './console-page.ts';

const verbs = ['enable', 'disable', 'refresh', 'remove'] as const;
type Verb = (typeof verbs)[number];

interface Deed {
  operation: string;
  danger?: true;
  /** What lets people in, or is for ever, needs a fresh sign-in; keeping them out must be quick. */
  fresh?: true;
}

const deeds: Record<Verb, Deed> = {
  enable: { operation: 'enableConnection', fresh: true },
  disable: { operation: 'disableConnection', danger: true },
  refresh: { operation: 'refreshConnection' },
  remove: { operation: 'removeConnection', danger: true, fresh: true },
};

/** The pages that ask before something is done with a connection. */
export const wizardDeedPages = (place: WizardPlace): ConsolePage[] => verbs.map((verb) => deedPage(place, verb));

function deedPage(place: WizardPlace, verb: Verb): ConsolePage {
  const { operation, danger, fresh } = deeds[verb];
  return consolePage({
    ...{ path: patternOf(place, ':id', verb), room: place.room, calls: operation },
    ...(fresh && { fresh }),
    async get(visit) {
      const { say } = visit.frame;
      const { one, etag } = await setupOf(visit);
      const content = consoleQuestion(visit.frame, {
        title: say(`console.connections.${verb}.title`, { name: strong(one.name) }),
        sentence: say(`console.connections.${verb}.sentence`),
        deed: say(`console.connections.${verb}`),
        ...{ etag, danger, back: place.at(one.id, 'setup') },
      });
      return { title: say(`console.connections.${verb}.title`, { name: one.name }), content };
    },
    async post(visit, form) {
      const { one } = await setupOf(visit);
      await visit.do(operation, { params: { id: one.id }, match: matchOf(form) });
      const goOn = verb === 'remove' ? place.at() : place.at(one.id, 'setup');
      return { goOn, said: { key: `console.connections.${verb}.done`, values: { name: one.name } } };
    },
  });
}
