import { z } from 'zod';
import { given } from '../http/given.ts';
import { list, listOf, page } from '../http/paging.ts';
import { type Operation, operation } from '../http/resource.ts';
import { missing } from '../kernel/errors.ts';
import type { Progress } from '../signals/progress.ts';
import { deliveredEvents, type Stream, type Streams, streamStatuses } from '../signals/streams.ts';
import { deliveryDocument, deliveryReply } from './webhook-document.ts';

/** A stream of security events as operators see it. Times in seconds. */
export const operatorsStreamReply = z.object({
  id: z.string(),
  client: z.string().meta({ description: 'The client that listens, and the audience of what it is told' }),
  delivery: z.enum(['push', 'poll']),
  url: z.string().optional().meta({ description: 'Where events are pushed to' }),
  events: z.array(z.string()).meta({ description: 'The types of events that it is told of' }),
  status: z.enum(streamStatuses),
  reason: z.string().optional(),
  description: z.string().optional(),
  created: z.int(),
});

/** The same with how its deliveries go. */
export const streamWithProgress = operatorsStreamReply.extend({
  progress: deliveryReply.extend({
    refused: z
      .object({ id: z.string(), at: z.int(), err: z.string(), description: z.string() })
      .optional()
      .meta({ description: 'The last event that the receiver refused, and why (RFC 8935 §2.4)' }),
  }),
});

/** A stream under the names of the wire. */
const operatorsStream = (stream: Stream): z.input<typeof operatorsStreamReply> => {
  const { id, client, delivery, status, reason, description, created } = stream;
  const events = deliveredEvents(stream);
  const url = delivery.method === 'push' ? delivery.url : undefined;
  return given({ id, client, delivery: delivery.method, url, events, status, reason, description, created });
};

/** The stream of this id, and how its deliveries go. Throws `missing`. */
async function shownStream(streams: Streams, id: string): Promise<z.input<typeof streamWithProgress>> {
  const [stream, progress] = await Promise.all([streams.get(id), streams.progress.get(id)]);
  if (!stream || !progress) throw missing(`The stream ${id}`);
  return { ...operatorsStream(stream), progress: { ...deliveryDocument(progress), ...refusedDocument(progress) } };
}

const refusedDocument = ({ refused }: Progress) =>
  refused === undefined ? {} : { refused: { ...refused, at: Math.floor(refused.at / 1000) } };

const params = z.object({ id: z.string() });

/** The admin API's operations on streams of security events; their receivers make and change them at /ssf. */
export const adminStreams = ({ streams }: { streams: Streams }): Operation[] => [
  operation({
    name: 'listStreams',
    method: 'get',
    path: '/streams',
    about: 'List the streams of security events in the order of their ids',
    permission: 'webhooks:read',
    query: page,
    reply: listOf(operatorsStreamReply),
    async run({ query }) {
      const { items, next } = await list(query, (where) => streams.list(where));
      return { items: items.map(operatorsStream), next };
    },
  }),
  operation({
    name: 'getStream',
    method: 'get',
    path: '/streams/:id',
    about: 'Show a stream of security events and how its deliveries go',
    permission: 'webhooks:read',
    params,
    reply: streamWithProgress,
    run: ({ params: { id } }) => shownStream(streams, id),
  }),
  operation({
    name: 'removeStream',
    method: 'delete',
    path: '/streams/:id',
    about: 'Remove a stream of security events; its receiver is told nothing more',
    permission: 'webhooks:write',
    params,
    run: ({ params: { id }, actor }) => streams.remove(id, actor),
  }),
];
