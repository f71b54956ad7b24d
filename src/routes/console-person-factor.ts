import { listOf } from '../http/paging.ts';
import { missing } from '../kernel/errors.ts';
import { askingPage } from './console-forms.ts';
import { type ConsolePage, filled } from './console-page.ts';
import { peoplePath, personOf } from './console-people.ts';
import { factorReply } from './factor-document.ts';

/** Takes one factor from a person, with a reason; what else they have stays. */
export const personFactorPages: readonly ConsolePage[] = [
  askingPage({
    path: `${peoplePath}/:id/factors/:factor/remove`,
    ...{ room: peoplePath, calls: 'removeFactor', fresh: true, danger: true, reason: true },
    text: 'people.factor.remove',
    async of(visit) {
      const { one } = await personOf(visit);
      const { items } = await visit.read('listFactors', listOf(factorReply), { params: { id: one.id } });
      const factor = items.find(({ id }) => id === visit.params.factor);
      if (!factor) throw missing('This factor');
      const kind = String(visit.frame.say(`console.people.factor.${factor.kind}`));
      return { name: factor.name === '' ? kind : `${factor.name} (${kind})`, back: `${one.href}/factors` };
    },
    async run(visit, form) {
      await visit.do('removeFactor', { params: visit.params, query: filled(form, 'reason') });
      return undefined;
    },
  }),
];
