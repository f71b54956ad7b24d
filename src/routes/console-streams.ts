import type { z } from 'zod';
import { empty } from '../../views/admin/parts.ts';
import {
  type DeliveryView,
  heard,
  type ReceiverView,
  receiverContent,
  receiversContent,
} from '../../views/admin/webhooks.ts';
import { plain } from '../../views/words.ts';
import type { Html } from '../kernel/html.ts';
import { operatorsStreamReply, streamWithProgress } from './admin-streams.ts';
import { eventsOf } from './console-events.ts';
import { askingPage } from './console-forms.ts';
import { namesOf } from './console-names.ts';
import { type ConsolePage, type ConsoleVisit, consoleAt, consolePage } from './console-page.ts';
import { settings, someOf } from './console-settings-parts.ts';
import type { deliveryReply } from './webhook-document.ts';

const path = `${settings}/streams/:id`;
const list = `${settings}/webhooks`;
/** Receivers make streams, one each; so many are shown with how they go. */
const mostShown = 100;

type Stream = z.output<typeof streamWithProgress>;

/** How deliveries go, as the console shows it. */
export const deliveryView = (delivery: z.output<typeof deliveryReply>): DeliveryView => {
  const { delivered, failing_since: failingSince, tries, next, reason } = delivery;
  return { delivered, failingSince, tries, next, reason };
};

const streamOf = (visit: ConsoleVisit, id: string): Promise<Stream> =>
  visit.read('getStream', streamWithProgress, { params: { id } });

async function receiver(visit: ConsoleVisit, { id, client, events, status, progress }: Stream): Promise<ReceiverView> {
  const subject = `client:${client}`;
  const called = plain((await namesOf(visit, [subject])).of(subject));
  return {
    ...{ id, name: called, href: consoleAt('settings', 'streams', id), off: status !== 'enabled' },
    hears: heard(events, visit.frame.say('console.streams.nothing')),
    delivery: deliveryView(progress),
  };
}

/** The streams of security events that receivers have made. */
export async function streamsOf(visit: ConsoleVisit): Promise<Html> {
  const { frame, user } = visit;
  const some = (await someOf(visit, 'listStreams', operatorsStreamReply)).slice(0, mostShown);
  const all = await Promise.all(some.map(async ({ id }) => receiver(visit, await streamOf(visit, id))));
  return receiversContent(frame, {
    ...{ caption: frame.say('console.streams'), all, none: empty(frame.say('console.streams.none')) },
    timeZone: user.profile.zoneinfo,
  });
}

const onePage = consolePage({
  path,
  ...{ room: settings, calls: 'getStream' },
  async get(visit) {
    const { frame, user } = visit;
    const { say } = frame;
    const stream = await streamOf(visit, visit.params.id ?? '');
    const view = await receiver(visit, stream);
    const remove = {
      ...{ href: `${view.href}/remove`, text: say('console.streams.remove.deed'), kind: 'danger' as const },
    };
    const events =
      visit.may('listAuditEvents') && (await eventsOf(visit, { target: `stream:${stream.id}` }, view.href));
    const content = receiverContent(frame, view, {
      up: say('console.settings.webhooks'),
      deeds: visit.may('removeStream') ? [remove] : [],
      about: [
        [say('console.streams.delivery'), say(`console.streams.delivery.${stream.delivery}`)],
        [say('console.webhooks.url'), stream.url],
        [say('console.streams.status'), say(`console.streams.status.${stream.status}`)],
        [say('console.reason'), stream.reason],
      ],
      ...{ undelivered: undefined, events, timeZone: user.profile.zoneinfo },
    });
    return { title: say('console.streams.title', { name: view.name }), content };
  },
});

const removePage = askingPage({
  path: `${path}/remove`,
  ...{ room: settings, calls: 'removeStream', fresh: true, danger: true, text: 'streams.remove', list },
  async of(visit) {
    const { name, href } = await receiver(visit, await streamOf(visit, visit.params.id ?? ''));
    return { name, back: href };
  },
});

/** The pages of one stream. */
export const streamPages: readonly ConsolePage[] = [onePage, removePage];
