import { z } from 'zod';
import { setupHomeContent } from '../../views/admin/setup.ts';
import { listOf } from '../http/paging.ts';
import { connectionReply } from './connection-document.ts';
import { connectionWizard, type WizardPlace } from './connection-wizard.ts';
import { lastTest } from './connection-wizard-test.ts';
import { type ConsolePage, consolePage, type PageVisit } from './console-page.ts';

const place: WizardPlace = {
  at: (...names) => ['/setup', ...names.map((name) => encodeURIComponent(name))].join('/'),
  room: '/admin/connections',
  bounded: true,
};

const shownReply = connectionReply.extend({ name: z.string() });

/** Where whoever has a set-up link begins, and is told at the end that it is done. */
const homePage = consolePage<PageVisit>({
  path: place.at(),
  room: place.room,
  calls: 'listConnections',
  async get(visit) {
    const { items } = await visit.read('listConnections', listOf(shownReply));
    const all = await Promise.all(
      items.map(async ({ id, name, state }) => ({
        ...{ name, href: place.at(id, 'setup'), enabled: state === 'enabled' },
        tested: (await lastTest(visit, id))?.state,
      })),
    );
    const add = visit.may('addConnection') ? place.at('new') : undefined;
    return { title: visit.frame.say('setup.home.title'), content: setupHomeContent(visit.frame, { all, add }) };
  },
});

/** Once people are let in, the first page says so, and whether anything is left to do. */
function toTheEnd(page: ConsolePage<PageVisit>): ConsolePage<PageVisit> {
  const { post } = page;
  if (!post || !page.path.endsWith('/enable')) return page;
  return {
    ...page,
    async post(visit, form) {
      const reply = await post(visit, form);
      return 'goOn' in reply ? { goOn: place.at() } : reply;
    },
  };
}

/** What a set-up link opens: the four steps of connecting a provider, and nothing else. */
export const setupPages: readonly ConsolePage<PageVisit>[] = [homePage, ...connectionWizard(place).map(toTheEnd)];
