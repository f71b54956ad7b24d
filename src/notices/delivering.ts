import type { Log } from '../kernel/log.ts';
import type { Errand, Letter, Mail } from './letter.ts';
import type { Deliver } from './outbox.ts';
import type { Post } from './smtp.ts';

interface Parts {
  /** Puts a letter into words. */
  write(letter: Letter): Omit<Mail, 'to'>;
  post: Post;
  /** Finds out what an errand asks: a letter, or none. */
  run(errand: Errand, entry: { id: string; first: boolean }): Promise<Letter | undefined>;
}

/** How what waits in the outbox becomes mail; words are found only now, in the process that sends. */
export const delivering =
  ({ write, post, run }: Parts): Deliver =>
  async (content, entry) => {
    const letter = 'errand' in content ? await run(content, entry) : content;
    if (letter) await post({ to: letter.to, ...write(letter) }, entry.id);
    return letter;
  };

/** Development without a mail server: whoever reads the log can follow the links. */
export const intoLog =
  (log: Log): Post =>
  async ({ to, subject, text }) => {
    log.info({ mail: { to, subject, text } }, 'no mail server is set (SALLYPORT_MAIL_URL); this is what would be sent');
  };
