import { applicationOf, applicationsPath } from './console-applications.ts';
import { askingPage } from './console-forms.ts';
import type { ConsolePage } from './console-page.ts';

/** Ends all that people have granted an application; it may ask them again. */
export const applicationEndPages: readonly ConsolePage[] = [
  askingPage({
    path: `${applicationsPath}/:id/end`,
    ...{ room: applicationsPath, calls: 'endSessions', danger: true, text: 'applications.end' },
    async of(visit) {
      const { one } = await applicationOf(visit);
      return { name: one.name, back: `${one.href}/sessions` };
    },
    async run(visit) {
      await visit.do('endSessions', { body: { client: visit.params.id ?? '' } });
      return undefined;
    },
  }),
];
