import { operatorsStreamReply, streamWithProgress } from '../routes/admin-streams.ts';
import { deskCommand } from './desk.ts';
import { columns, facts, moment } from './listing.ts';

const list = deskCommand({
  words: ['stream', 'list'],
  about: 'List the streams of security events that receivers have made',
  async run({ answer }, desk) {
    const all = await desk.all('listStreams', operatorsStreamReply);
    const rows = all.map(({ id, client, status, delivery, url, events }) => {
      return [id, client, status, url ?? delivery, events.map((uri) => uri.slice(uri.lastIndexOf('/') + 1))];
    });
    answer(all, columns(['stream', 'client', 'status', 'delivery', 'events'], rows));
  },
});

const show = deskCommand({
  words: ['stream', 'show'],
  operands: ['id'],
  about: 'Show a stream of security events and how its deliveries go',
  async run({ operands: { id }, answer }, desk) {
    const stream = await desk.call('getStream', streamWithProgress, { params: { id } });
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
  },
});

const remove = deskCommand({
  words: ['stream', 'remove'],
  operands: ['id'],
  about: 'Remove a stream of security events; its receiver is told nothing more',
  async run({ operands: { id }, answer }, desk) {
    await desk.tell('removeStream', { params: { id } });
    answer({ id }, `Removed the stream ${id}`);
  },
});

/** `sallyport stream …` */
export const streamCommands = [list, show, remove];
