import { consoleQuestion } from '../../views/admin/question.ts';
import { invalid } from '../kernel/errors.ts';
import { type ConsolePage, consolePage, type Standing } from './console-page.ts';

const idOf = ({ organization }: Standing): string => organization?.id ?? '';

/** Where somebody who looks after several organizations, or also the whole server, chooses for whom they act. It gives nothing that they do not hold. */
export const actingPages: readonly ConsolePage[] = [
  consolePage({
    path: '/admin/acting',
    room: '/admin',
    forAll: true,
    async get({ frame, standing, standings }) {
      const { say } = frame;
      const title = say('console.acting.title');
      const content = consoleQuestion(frame, {
        title,
        sentence: say('console.acting.sentence'),
        pick: {
          name: 'organization',
          label: say('console.acting'),
          value: idOf(standing),
          options: standings.map((one) => [idOf(one), one.organization?.name ?? say('console.acting.server')] as const),
        },
        deed: say('console.acting.deed'),
        back: '/admin',
      });
      return { title, content };
    },
    async post({ standings }, form) {
      const wanted = form.get('organization') ?? '';
      const found = standings.find((one) => idOf(one) === wanted);
      if (!found) throw invalid('You do not act for this organization; choose one of the list');
      return { goOn: '/admin', actFor: wanted };
    },
  }),
];
