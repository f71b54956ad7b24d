import type { Middleware } from 'koa';
import { z } from 'zod';
import { wrongMethod } from '../http/edge.ts';
import { type Authorize, type Operation, operation, resource } from '../http/resource.ts';
import { type Watch, watched } from '../http/watch.ts';
import { problem } from '../kernel/errors.ts';
import type { Polls } from '../signals/stream-polls.ts';
import type { Streams } from '../signals/streams.ts';
import {
  changedTerms,
  newStreamBody,
  oneStream,
  pollBody,
  polled,
  pollReply,
  refuseOthers,
  someStream,
  statusDocument,
  statusReply,
  streamChange,
  streamDocument,
  streamReply,
  transmitterDocument,
  verificationBody,
  wholeTerms,
} from './ssf-document.ts';

interface Parts {
  issuer: string;
  streams: Streams;
  polls: Polls;
}

const configuration = '/.well-known/ssf-configuration';

const noReceiver = problem(
  'not_a_receiver',
  403,
  () => 'Streams belong to clients: get the access token by the grant client_credentials',
);

/** The client that calls. Throws `not_a_receiver` for a person: nobody would see whose stream it is. */
function receiver(actor: string): string {
  if (!actor.startsWith('client:')) throw noReceiver();
  return actor.slice('client:'.length);
}

/**
 * The transmitter of the Shared Signals Framework 1.0: streams of CAEP events that a receiver makes and looks after with an
 * access token for `urn:sallyport:admin` and the scope `ssf.manage`, or reads with `ssf.read`.
 */
export function ssf(parts: Parts, watch: Watch, authorize: Authorize): Middleware {
  const document = transmitterDocument(parts.issuer);
  const operations = watched([...configuring(parts), ...changing(parts), ...using(parts)], watch);
  const api = resource('/ssf', operations, async (token, ctx) => {
    const caller = await authorize(token, ctx);
    // Whoever may change a stream may read it.
    if (!caller?.permissions.has('ssf.manage')) return caller;
    return { ...caller, permissions: new Set([...caller.permissions, 'ssf.read']) };
  });
  return (ctx, next) => {
    if (ctx.path !== configuration) return api(ctx, next);
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') {
      ctx.set('Allow', 'GET, HEAD');
      throw wrongMethod(ctx.method);
    }
    ctx.set('Cache-Control', 'public, max-age=300');
    ctx.body = document;
    return undefined;
  };
}

const configuring = ({ issuer, streams }: Parts): Operation[] => [
  operation({
    name: 'createStream',
    method: 'post',
    path: '/streams',
    about: 'Make a stream that tells what happens from now on (SSF 1.0 §8.1.1.1)',
    permission: 'ssf.manage',
    body: newStreamBody,
    reply: streamReply,
    status: 201,
    run: async ({ body, actor }) => streamDocument(await streams.add(receiver(actor), wholeTerms(body)), issuer),
  }),
  operation({
    name: 'readStreams',
    method: 'get',
    path: '/streams',
    about: 'Show a stream, or all of the caller (SSF 1.0 §8.1.1.2)',
    permission: 'ssf.read',
    query: someStream,
    reply: z.union([streamReply, z.array(streamReply)]),
    async run({ query: { stream_id }, actor }) {
      const client = receiver(actor);
      if (stream_id !== undefined) return streamDocument(await streams.own(client, stream_id), issuer);
      return (await streams.of(client)).map((stream) => streamDocument(stream, issuer));
    },
  }),
  operation({
    name: 'deleteStream',
    method: 'delete',
    path: '/streams',
    about: 'Remove a stream (SSF 1.0 §8.1.1.5)',
    permission: 'ssf.manage',
    query: oneStream,
    async run({ query: { stream_id }, actor }) {
      const { id } = await streams.own(receiver(actor), stream_id);
      await streams.remove(id, actor);
    },
  }),
];

const changing = ({ issuer, streams }: Parts): Operation[] =>
  (['patch', 'put'] as const).map((method) =>
    operation({
      name: method === 'patch' ? 'updateStream' : 'replaceStream',
      method,
      path: '/streams',
      about: 'Change a stream: what is not named stays (PATCH), or is taken away (PUT) (SSF 1.0 §8.1.1.3, §8.1.1.4)',
      permission: 'ssf.manage',
      body: streamChange,
      reply: streamReply,
      async run({ body, actor }) {
        const terms = method === 'patch' ? changedTerms(body) : wholeTerms(body);
        const changed = await streams.change(receiver(actor), body.stream_id, terms, (now) =>
          refuseOthers(body, now, issuer),
        );
        return streamDocument(changed, issuer);
      },
    }),
  );

const using = ({ streams, polls }: Parts): Operation[] => [
  operation({
    name: 'readStreamStatus',
    method: 'get',
    path: '/status',
    about: 'Show the status of a stream (SSF 1.0 §8.1.2.1)',
    permission: 'ssf.read',
    query: oneStream,
    reply: statusReply,
    run: async ({ query: { stream_id }, actor }) => statusDocument(await streams.own(receiver(actor), stream_id)),
  }),
  operation({
    name: 'setStreamStatus',
    method: 'post',
    path: '/status',
    about: 'Enable, pause or disable a stream (SSF 1.0 §8.1.2.2)',
    permission: 'ssf.manage',
    body: statusReply,
    reply: statusReply,
    run: async ({ body: { stream_id, status, reason }, actor }) =>
      statusDocument(
        await streams.setStatus(receiver(actor), stream_id, { status, ...(reason === undefined ? {} : { reason }) }),
      ),
  }),
  operation({
    name: 'verifyStream',
    method: 'post',
    path: '/verify',
    about: 'Have a verification event sent on a stream (SSF 1.0 §8.1.4.2)',
    permission: 'ssf.manage',
    changesNothing: () => true,
    body: verificationBody,
    run: ({ body: { stream_id, state }, actor }) => streams.verify(receiver(actor), stream_id, state),
  }),
  operation({
    name: 'pollStream',
    method: 'post',
    path: '/poll/:id',
    about: 'Take the events of a stream, and acknowledge those taken before (RFC 8936)',
    permission: 'ssf.read',
    changesNothing: () => true,
    params: z.object({ id: z.string() }),
    body: pollBody,
    reply: pollReply,
    async run({ params: { id }, body, actor }) {
      const { sets, more } = await polls.poll(await streams.own(receiver(actor), id), polled(body));
      return { sets, moreAvailable: more };
    },
  }),
];
