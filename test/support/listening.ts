import { basic, type Credentials } from './oauth.ts';

type Told = ReturnType<typeof JSON.parse>;

/** Somebody who listens to GET /gateway/changes. */
export interface Listener {
  answer: Response;
  /** The signals that came, each with its cursor. */
  told: Told[];
  /** The cursor that came last, with a signal or without. */
  cursor(): string | undefined;
  /** Waits for a signal that fits; undefined when the stream ends before. */
  until(fits: (one: Told) => boolean): Promise<Told>;
  /** Waits for so many beats. */
  beats(count: number): Promise<void>;
  /** Resolves when the stream has ended: `plain`, or `broken` in the middle. */
  ended: Promise<'plain' | 'broken'>;
  /** Leaves. */
  close(): Promise<void>;
}

/** Begins to listen; `since` is the cursor to read on from, as `Last-Event-ID` says it. */
export async function listen(
  url: string,
  client: Credentials,
  { query = '', since }: { query?: string; since?: string | undefined } = {},
): Promise<Listener> {
  const leaving = new AbortController();
  const headers = { ...basic(client), accept: 'text/event-stream' };
  const answer = await fetch(`${url}/gateway/changes${query}`, {
    headers: since === undefined ? headers : { ...headers, 'last-event-id': since },
    signal: leaving.signal,
  });
  const told: Told[] = [];
  let [over, beats] = [false, 0];
  let cursor: string | undefined;
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const one of waiting) one();
    waiting.clear();
  };
  const take = (frame: string) => {
    cursor = /^id: (.*)$/m.exec(frame)?.[1] ?? cursor;
    const data = /^data: (.*)$/m.exec(frame)?.[1];
    if (data) told.push({ ...JSON.parse(data), cursor });
    else if (frame.startsWith(': still here')) beats += 1;
  };
  const read = async (): Promise<'plain' | 'broken'> => {
    let text = '';
    try {
      for await (const part of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        const frames = (text + part).split('\n\n');
        text = frames.pop() ?? '';
        for (const frame of frames) take(frame);
        wake();
      }
      return 'plain';
    } catch {
      return 'broken';
    } finally {
      over = true;
      wake();
    }
  };
  const ended = read();
  const somethingNew = () => new Promise<void>((resolve) => waiting.add(resolve));
  return {
    answer,
    told,
    cursor: () => cursor,
    async until(fits) {
      for (;;) {
        const found = told.find(fits);
        if (found || over) return found;
        await somethingNew();
      }
    },
    async beats(count) {
      while (beats < count && !over) await somethingNew();
    },
    ended,
    async close() {
      leaving.abort();
      await ended;
    },
  };
}
