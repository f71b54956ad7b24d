import { operatorsStream, shownStream } from '../routes/admin-streams.ts';
import { command } from './command.ts';
import { columns, everything, facts, moment } from './listing.ts';
import { actor, inHouse } from './office.ts';

const list = command({
  words: ['stream', 'list'],
  about: 'List the streams of security events that receivers have made',
  run: ({ answer }) =>
    inHouse(async ({ streams }) => {
      const all = (await everything((page) => streams.list(page))).map(operatorsStream);
      const rows = all.map(({ id, client, status, delivery, url, events }) => {
        return [id, client, status, url ?? delivery, events.map((uri) => uri.slice(uri.lastIndexOf('/') + 1))];
      });
      answer(all, columns(['stream', 'client', 'status', 'delivery', 'events'], rows));
    }),
});

const show = command({
  words: ['stream', 'show'],
  operands: ['id'],
  about: 'Show a stream of security events and how its deliveries go',
  run: ({ operands: { id }, answer }) =>
    inHouse(async ({ streams }) => {
      const stream = await shownStream(streams, id);
      const { progress, created, reason, ...rest } = stream;
      const text = facts({
        ...{ ...rest, created: moment(created), 'why this status': reason },
        delivered: moment(progress.delivered),
        'failing since': moment(progress.failing_since),
        'next try': moment(progress.next),
        reason: progress.reason,
        refused: progress.refused && `${progress.refused.err}: ${progress.refused.description}`,
      });
      answer(stream, text);
    }),
});

const remove = command({
  words: ['stream', 'remove'],
  operands: ['id'],
  about: 'Remove a stream of security events; its receiver is told nothing more',
  run: ({ operands: { id }, answer }) =>
    inHouse(async ({ streams }) => {
      await streams.remove(id, actor);
      answer({ id }, `Removed the stream ${id}`);
    }),
});

/** `sallyport stream …` */
export const streamCommands = [list, show, remove];
