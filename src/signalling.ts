import type { Trail } from './audit/trail.ts';
import type { Vault } from './kernel/crypto.ts';
import { type Outgoing, Posting } from './signals/posting.ts';
import { Streams } from './signals/streams.ts';
import { Webhooks } from './signals/webhooks.ts';
import type { Store } from './store/port.ts';

/** Who is told by us of what was revoked or changed. */
export interface Signalling {
  posting: Posting;
  webhooks: Webhooks;
  streams: Streams;
}

interface Ground {
  store: Store;
  vault: Vault;
  trail: Trail;
  outgoing: Outgoing;
  complain(what: string, cause: unknown): void;
}

/** Webhooks and streams of security events, which share the places of outgoing messages. A revoked client's streams go. */
export function signalling({ store, vault, trail, outgoing, complain }: Ground): Signalling {
  const posting = new Posting(outgoing);
  const parts = { store, vault, trail, posting };
  const streams = new Streams(parts);
  trail.listen(
    ({ type, target = '' }) =>
      type === 'client.revoked' ? streams.forget(target.replace(/^client:/, ''), 'system') : undefined,
    (cause) => complain('the streams of a revoked client were not removed', cause),
  );
  return { posting, webhooks: new Webhooks(parts), streams };
}

/** What a restored store has to deliver is long past: all go on from now. */
export async function restartSignalling({ webhooks, streams }: Signalling): Promise<void> {
  await webhooks.progress.restart();
  await streams.progress.restart();
}
