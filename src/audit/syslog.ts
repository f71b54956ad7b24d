import type { Recorded } from './trail.ts';

/** An event, of whatever version of us: its type may be one that we do not know. */
export type Told = { [N in keyof Recorded]: N extends 'type' ? string : Recorded[N] | undefined } & Required<
  Pick<Recorded, 'id' | 'at' | 'actor' | 'outcome'>
>;

/** Log audit (RFC 5424 §6.2.1), as `warning` for what failed and `notice` for the rest. */
const facility = 13;
const priority = { failure: facility * 8 + 4, success: facility * 8 + 5 };
/** Structured data of our own needs a number of an enterprise; this one is for whoever has none (RFC 5612). */
const structure = 'sallyport@32473';
/** §6.2.7 */
const longestMessageId = 32;

/**
 * The event as one line of syslog (RFC 5424), without a line break at its end. Everything is structured data; nothing that
 * somebody typed can end a value or begin a line.
 */
export function syslogLine(event: Told, host: string): string {
  const { id, at, type, actor, target, outcome, ip, requestId, detail = {}, link } = event;
  const facts = Object.entries(detail).map(([name, fact]): [string, unknown] => [`detail.${name}`, fact]);
  const members: [string, unknown][] = [
    ...Object.entries({ id, type, actor, target, outcome, ip, request_id: requestId }),
    ...(link ? [['chain', `${link.chain}/${link.seq}`] as [string, unknown]] : []),
    ...facts,
  ];
  const data = members.flatMap(([name, value]) =>
    value === undefined ? [] : [` ${name}="${escaped(String(value))}"`],
  );
  const message = [type, 'by', actor, ...(target === undefined ? [] : ['on', target]), outcome].map(plain).join(' ');
  const header = [host || '-', 'sallyport', '-', type.slice(0, longestMessageId)].join(' ');
  const time = new Date(at).toISOString();
  return `<${priority[outcome]}>1 ${time} ${header} [${structure}${data.join('')}] ${message}`;
}

/** Nothing that steers a terminal or a parser. */
const plain = (text: string): string => text.replace(/[\p{C}\u2028\u2029]/gu, '\ufffd');

/** §6.3.3 */
const escaped = (text: string): string => plain(text).replace(/["\\\]]/g, '\\$&');
