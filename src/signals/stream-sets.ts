import { caepOf, type ToldClaim } from './caep.ts';
import type { Note } from './progress.ts';
import type { Signal } from './signal.ts';
import { deliveredEvents, type Stream } from './streams.ts';

/** What a security event token says (RFC 8417); protocol/security-events.ts signs it. */
export interface StreamSet {
  /** The same whenever the same event is told to the same stream. */
  jti: string;
  audience: string;
  subject: { sub: string } | { stream: string };
  /** The audit event behind it. */
  txn?: string;
  uri: string;
  members: Readonly<Record<string, unknown>>;
  /** Claims of the subject whose values belong to it. */
  claims?: readonly ToldClaim[];
}

/** Makes a SET that can be sent. */
export type WriteSet = (set: StreamSet) => Promise<string>;

/** What a paused stream, or one that nobody polls, keeps (milliseconds). */
export const keeping = 7 * 24 * 60 * 60 * 1000;

/** The event of a signal for this stream, if it asked for it. */
export function setOf(stream: Stream, signal: Signal): StreamSet | undefined {
  if (signal.id < stream.since || signal.at < Date.now() - keeping) return undefined;
  const event = caepOf(signal);
  if (!event || !deliveredEvents(stream).includes(event.uri)) return undefined;
  const { sub, uri, members, claims } = event;
  const set = {
    jti: jtiOf(stream, signal.id),
    audience: stream.client,
    subject: { sub },
    txn: signal.id,
    uri,
    members,
  };
  return claims === undefined ? set : { ...set, claims };
}

const aboutStream = (stream: Stream, id: string, type: string, members: StreamSet['members']): StreamSet => ({
  jti: jtiOf(stream, id),
  audience: stream.client,
  subject: { stream: stream.id },
  uri: `https://schemas.openid.net/secevent/ssf/event-type/${type}`,
  members,
});

/** The verification that the receiver asked for (SSF 1.0 §8.1.4.1). */
export const verificationSet = (stream: Stream, { id, state }: Note): StreamSet =>
  aboutStream(stream, id, 'verification', state === undefined ? {} : { state });

/** What a receiver is told before its stream stops (SSF 1.0 §8.1.5). */
export const pausedSet = (stream: Stream, id: string, reason: string): StreamSet =>
  aboutStream(stream, id, 'stream-updated', { status: 'paused', reason });

const jtiOf = ({ id }: Stream, event: string): string => `${event}.${id}`;

/** The id of the signal or note that a SET of this stream tells; undefined for what is none of them. */
export function eventIn(jti: string, { id }: Stream): string | undefined {
  const [, event] = /^([0-9a-z]{9}-[0-9a-z]{4,8}-[\w-]{8}|note_[\w-]{16})\.(.+)$/.exec(jti) ?? [];
  return event !== undefined && jti === `${event}.${id}` ? event : undefined;
}
