import { z } from 'zod';
import { given } from '../http/given.ts';
import { invalid } from '../kernel/errors.ts';
import { caepEvents } from '../signals/caep.ts';
import type { Poll } from '../signals/stream-polls.ts';
import {
  deliveredEvents,
  type Stream,
  type StreamTerms,
  streamStatuses,
  verificationInterval,
} from '../signals/streams.ts';

const push = 'urn:ietf:rfc:8935';
const poll = 'urn:ietf:rfc:8936';

/** The metadata of the transmitter (SSF 1.0 §7.1), readable without a token. */
export const transmitterDocument = (issuer: string) => ({
  spec_version: '1_0',
  issuer,
  jwks_uri: `${issuer}/oauth2/jwks`,
  delivery_methods_supported: [push, poll],
  configuration_endpoint: `${issuer}/ssf/streams`,
  status_endpoint: `${issuer}/ssf/status`,
  verification_endpoint: `${issuer}/ssf/verify`,
  authorization_schemes: [{ spec_urn: 'urn:ietf:rfc:6749' }],
  default_subjects: 'ALL',
});

const uris = z.array(z.string().max(500));

/** A stream's configuration (SSF 1.0 §8.1.1); the authorization header never is in it. */
export const streamReply = z.object({
  stream_id: z.string(),
  iss: z.string(),
  aud: z.string(),
  events_supported: uris,
  events_requested: uris,
  events_delivered: uris,
  delivery: z.object({ method: z.enum([push, poll]), endpoint_url: z.string() }),
  min_verification_interval: z.int(),
  description: z.string().optional(),
});

const id = z.string().max(100);
const delivery = z.object({
  method: z.enum([push, poll]),
  endpoint_url: z.string().optional(),
  authorization_header: z.string().nullish(),
});
const members = {
  events_requested: uris.optional(),
  delivery: delivery.optional(),
  description: z.string().max(1000).optional(),
};

/** What may be said of a new stream; members that nobody knows are passed over (SSF 1.0 §8.1.1.1). */
export const newStreamBody = z.object(members);

const echoed = z.json().optional();
/** A change; what the transmitter supplies may be there, if it is as it was (SSF 1.0 §8.1.1.3). */
export const streamChange = z.object({
  stream_id: id,
  ...members,
  ...{ iss: echoed, aud: echoed, events_supported: echoed, events_delivered: echoed },
  min_verification_interval: echoed,
});

/** Which stream is meant. */
export const oneStream = z.object({ stream_id: id });
/** Which stream is meant, or all of the receiver's. */
export const someStream = oneStream.partial();

/** A stream's status (SSF 1.0 §8.1.2). */
export const statusReply = z.object({
  stream_id: id,
  status: z.enum(streamStatuses),
  reason: z.string().max(300).optional(),
});

/** What is asked of the verification endpoint (SSF 1.0 §8.1.4.2). */
export const verificationBody = z.object({ stream_id: id, state: z.string().max(1000).optional() });

/** A poll (RFC 8936 §2.2). */
export const pollBody = z.object({
  maxEvents: z.int().min(0).optional(),
  returnImmediately: z.boolean().optional(),
  ack: z.array(z.string().max(300)).max(1000).optional(),
  setErrs: z.record(z.string().max(300), z.object({ err: z.string(), description: z.string().optional() })).optional(),
});

/** What a poll is answered with (RFC 8936 §2.3). */
export const pollReply = z.object({ sets: z.record(z.string(), z.string()), moreAvailable: z.boolean() });

/** A stream under the names of the wire. */
export function streamDocument(stream: Stream, issuer: string): z.input<typeof streamReply> {
  const { id, client, requested, delivery, description } = stream;
  return {
    stream_id: id,
    iss: issuer,
    aud: client,
    events_supported: [...caepEvents],
    events_requested: [...requested],
    events_delivered: deliveredEvents(stream),
    delivery:
      delivery.method === 'push'
        ? { method: push, endpoint_url: delivery.url }
        : { method: poll, endpoint_url: `${issuer}/ssf/poll/${id}` },
    min_verification_interval: verificationInterval,
    ...given({ description }),
  };
}

/** A stream's status under the names of the wire. */
export const statusDocument = ({ id, status, reason }: Stream): z.input<typeof statusReply> =>
  given({ stream_id: id, status, reason });

type Delivery = z.output<typeof delivery>;

function deliveryTerms({ method, endpoint_url, authorization_header }: Delivery): StreamTerms['delivery'] {
  // Where a receiver polls is ours to say.
  if (method === poll) return { method: 'poll' };
  if (endpoint_url === undefined) throw invalid('delivery/endpoint_url is missing: where are events to be pushed to?');
  return {
    method: 'push',
    url: endpoint_url,
    authorization: authorization_header === '' ? null : authorization_header,
  };
}

/** The whole of what a receiver says; what is missing is as at the beginning: no events, and poll (SSF 1.0 §8.1.1.4). */
export const wholeTerms = (body: z.output<typeof newStreamBody>): StreamTerms => ({
  requested: body.events_requested ?? [],
  description: body.description,
  delivery: body.delivery === undefined ? { method: 'poll' } : deliveryTerms(body.delivery),
});

/** What a receiver changes. */
export const changedTerms = ({
  events_requested,
  description,
  delivery,
}: z.output<typeof newStreamBody>): Partial<StreamTerms> =>
  given({ requested: events_requested, description, delivery: delivery && deliveryTerms(delivery) });

/** Throws `invalid` when something that only we supply is said to be another than it is. */
export function refuseOthers(body: z.output<typeof streamChange>, stream: Stream, issuer: string): void {
  const now = streamDocument(stream, issuer);
  const same = (one: unknown, other: unknown): boolean => JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
  const supplied = ['iss', 'aud', 'events_supported', 'events_delivered', 'min_verification_interval'] as const;
  const wrong: string[] = supplied.filter((name) => body[name] !== undefined && !same(body[name], now[name]));
  const { method, endpoint_url } = body.delivery ?? {};
  if (method === poll && stream.delivery.method === 'poll' && endpoint_url !== undefined) {
    if (endpoint_url !== now.delivery.endpoint_url) wrong.push('delivery/endpoint_url');
  }
  if (wrong.length > 0) throw invalid(`${wrong.join(', ')} cannot be changed; send what it is, or leave it out`);
}

const sorted = (value: unknown): unknown => (Array.isArray(value) ? [...value].sort() : value);

const mostSets = 100;
const longestReason = 300;

/** A poll as streams understand it. */
export function polled({ maxEvents, returnImmediately, ack, setErrs }: z.output<typeof pollBody>): Poll {
  const refused = Object.entries(setErrs ?? {}).map(([jti, { err, description = '' }]) => {
    return [jti, { err: err.slice(0, longestReason), description: description.slice(0, longestReason) }] as const;
  });
  return {
    most: Math.min(maxEvents ?? mostSets, mostSets),
    immediately: returnImmediately ?? false,
    acknowledged: ack ?? [],
    refused: Object.fromEntries(refused),
  };
}
