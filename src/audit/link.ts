import type { AuditKey } from './keys.ts';
import type { Recorded } from './trail.ts';

/** The place of an event in its chain. */
export interface Link {
  chain: number;
  /** Counts from 1 in each chain, without a gap. */
  seq: number;
  /** The id of the key. */
  key: string;
  /** HMAC-SHA-256 over the event, its place and the `mac` before it. */
  mac: string;
}

/** An event that is chained. */
export type Linked = Recorded & { link: Link };

/** The last event of a part of a chain, known by its `mac`. */
export interface End {
  readonly seq: number;
  readonly mac: string;
}

/**
 * So many chains there are, always. A process keeps to one, so that processes do not wait for each other; one chain for
 * each process would grow with every command that is run.
 */
export const chains = 16;

/** Before the first event of a chain. */
export const beginning: End = { seq: 0, mac: '' };

/** Under this key of the look-up `link` an event stands. */
export const placeOf = (chain: number, seq: number): string => `${chain}|${seq}`;

/**
 * What the `mac` of this event has to be, after the event with the `mac` before. It stands for the text that is stored: the
 * order of members in it is part of it.
 */
export function macOf({ link: { mac: _own, ...place }, ...event }: Linked, before: string, key: AuditKey): string {
  return key.mac(JSON.stringify([before, place, event]));
}

/** The event with its place in the chain. */
export function linked(event: Recorded, chain: number, before: End, key: AuditKey): Linked {
  const place = { ...event, link: { chain, seq: before.seq + 1, key: key.id, mac: '' } };
  return { ...place, link: { ...place.link, mac: macOf(place, before.mac, key) } };
}
