import { randomToken } from '../kernel/crypto.ts';
import type { Answered, Message, Outlet } from './delivery.ts';
import type { Posting } from './posting.ts';
import type { Refusal } from './progress.ts';
import { pausedSet, type StreamSet, setOf, verificationSet, type WriteSet } from './stream-sets.ts';
import type { Stream, Streams } from './streams.ts';

interface Parts {
  streams: Streams;
  posting: Posting;
  write: WriteSet;
  /** Whether a client may hear of security events now. */
  hears(client: string): Promise<boolean>;
}

type Sent = { id: string; body: string; troubled: boolean };

/** Errors after which the same SET may be taken later: what is wrong is the header, not the SET (RFC 8935 §2.4). */
const ofCaller = new Set(['authentication_failed', 'access_denied']);
const longest = 300;

/** The streams that are pushed, as signals are delivered to them (RFC 8935). */
export function streamOutlet({ streams, posting, write, hears }: Parts): Outlet<Stream> {
  const message = (set: StreamSet | undefined): Message | undefined => set && { id: set.jti, write: () => write(set) };
  const send = async (
    stream: Stream,
    { id, body, troubled }: Sent,
    begin: () => Promise<boolean>,
  ): Promise<Answered | undefined> => {
    if (stream.delivery.method !== 'push') return undefined;
    const authorization = streams.authorizationOf(stream);
    const headers = {
      ...(authorization === undefined ? {} : { authorization }),
      ...{ 'content-type': 'application/secevent+jwt', accept: 'application/json' },
    };
    const posted = await posting.post({ url: stream.delivery.url, headers, body, troubled }, begin);
    if (!posted || 'reason' in posted) return posted;
    if (posted.status === 202) return {};
    const refused = posted.status === 400 ? refusal(posted.text) : undefined;
    const named = refused === undefined ? '' : `: ${refused.err}`;
    if (!refused || ofCaller.has(refused.err)) return { reason: `it answered ${posted.status}${named}, not 202` };
    await streams.progress.change(stream.id, () => ({ refused: { id, at: Date.now(), ...refused } }));
    return {};
  };
  return {
    name: 'stream',
    progress: streams.progress,
    list: (page) => streams.list(page),
    get: (id) => streams.get(id),
    onChange: (changed) => streams.onChange(changed),
    isOpen: async ({ client, delivery, status }) =>
      delivery.method === 'push' && status === 'enabled' && (await hears(client)),
    message: (stream, signal) => message(setOf(stream, signal)),
    note: (stream, note) => ({ id: note.id, write: () => write(verificationSet(stream, note)) }),
    send,
    async fail(id, reason) {
      const stream = await streams.get(id);
      if (!stream) return;
      // Before it stops (SSF 1.0 §8.1.5), though whoever took nothing for days may not take this either.
      const last = pausedSet(stream, `note_${randomToken(12)}`, reason);
      await send(stream, { id: last.jti, body: await write(last), troubled: true }, async () => true);
      await streams.fail(id, reason);
    },
  };
}

/** What a receiver says is wrong with a SET, if it says so as RFC 8935 §2.4 has it. */
function refusal(text: string): Pick<Refusal, 'err' | 'description'> | undefined {
  try {
    return refusalOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function refusalOf(said: unknown): Pick<Refusal, 'err' | 'description'> | undefined {
  if (typeof said !== 'object' || said === null || !('err' in said) || typeof said.err !== 'string') return undefined;
  const description = 'description' in said && typeof said.description === 'string' ? said.description : '';
  return { err: said.err.slice(0, longest), description: description.slice(0, longest) };
}
