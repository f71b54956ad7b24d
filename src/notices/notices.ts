import type { Recorded, Trail } from '../audit/trail.ts';
import type { User, Users } from '../directory/users.ts';
import { problem } from '../kernel/errors.ts';
import type { Letter, LetterKind } from './letter.ts';
import type { Outbox } from './outbox.ts';

interface Parts {
  users: Users;
  outbox: Outbox;
  trail: Trail;
  /** Whether there is a way to send mail, or a developer who reads the log. */
  able: boolean;
}

type Facts = Readonly<Record<string, string>>;

/** What an event is told as; undefined when nobody is told of this one. */
type Telling = (event: Recorded) => { kind: LetterKind; facts?: Facts } | undefined;

/** This many wrong proofs before a right one are worth a word (ASVS 6.3.5). */
const suspicious = 10;
const day = 24 * 60 * 60;

/** Links and codes that a mail carries live so long (seconds); after that it need not arrive. */
const lives = { code: 10 * 60, emailChange: day, emailUndo: day };

const text = (fact: unknown): string => (fact === undefined ? '' : String(fact));
const as =
  (kind: LetterKind, ...names: readonly string[]): Telling =>
  ({ detail = {} }) => ({ kind, facts: Object.fromEntries(names.map((name) => [name, text(detail[name])])) });

/** Which event is told to the person it is about, and as what (NIST SP 800-63B-4 §4.6, ASVS 6.3.7). */
const tellings: Partial<Record<Recorded['type'], Telling>> = {
  'factor.added': as('factor-added', 'kind', 'name'),
  'factor.removed': as('factor-removed', 'kind', 'name'),
  'factor.blocked': as('factor-blocked', 'kind'),
  'factors.reset': as('factors-reset'),
  'recovery-codes.made': as('recovery-codes-made'),
  'recovery-code.used': as('recovery-code-used', 'left'),
  'user.password-changed': as('password-changed'),
  'user.password-reset': as('password-reset'),
  'user.impersonated': as('impersonated', 'client', 'audience', 'reason'),
  'user.email-changed': as('email-changed'),
  'user.email-change-asked': as('email-change-asked'),
  'signin.succeeded': (event) => (event.detail?.device === 'new' ? as('new-device', 'browser')(event) : undefined),
};

/** Nobody can be written to. */
export const noMail = problem(
  'no_mail',
  503,
  () => 'This installation sends no mail; ask whoever runs it to do for you what a mail would have let you do',
);

/** Tells people by mail what was done with their account, whoever did it and wherever: the audit trail is where it is heard. */
export class Notices {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Whether mail is sent at all; without it, nothing that rests on mail should be offered. */
  get able(): boolean {
    return this.#parts.able;
  }

  /** Writes the letter that an event calls for; it is in the outbox when this resolves. */
  hear(event: Recorded): Promise<void> | undefined {
    const telling = tellings[event.type];
    const [, id] = /^user:(.+)$/.exec(event.target ?? '') ?? [];
    return telling && id !== undefined && this.able ? this.#tell(event, telling, id) : undefined;
  }

  /**
   * Writes what a process that died between an event and its letter owes, for the last hour; what was written before is not
   * written again. Sign-ins are left out: there are too many of them.
   */
  async catchUp(): Promise<void> {
    const since = Math.floor(Date.now() / 1000) - 60 * 60;
    const types = Object.keys(tellings).filter((type) => type !== 'signin.succeeded');
    for (const type of types) {
      let page = await this.#parts.trail.search({ type, since }, { limit: 100 });
      for (;;) {
        for (const event of page) await this.hear(event);
        const last = page.at(-1);
        if (page.length < 100 || !last) break;
        page = await this.#parts.trail.search({ type, since }, { limit: 100, after: last.id });
      }
    }
  }

  /** A code with which a person binds a first factor; it lives for ten minutes. Throws `no_mail`. */
  sendEnrolmentCode(user: User, code: string): Promise<void> {
    return this.#send(letterTo(user, user.email, 'enrolment-code', { code }), lives.code);
  }

  /** The link that confirms a new address, to that address; `user` lends the language. Throws `no_mail`. */
  sendEmailChange(newAddress: string, link: string, user?: User): Promise<void> {
    return this.#send(letterTo(user, newAddress, 'email-change', { link }), lives.emailChange);
  }

  /** Tells the old address that there is a new one, with the link that takes it back. Throws `no_mail`. */
  sendEmailUndo(oldAddress: string, link: string, user?: User): Promise<void> {
    return this.#send(letterTo(user, oldAddress, 'email-undo', { link }), lives.emailUndo);
  }

  /** Tells the old address that somebody who looks after accounts has put another one in its place. */
  async sendEmailReplaced(before: User, actor: string): Promise<void> {
    const by = actor === `user:${before.id}` ? 'you' : 'other';
    if (this.able) await this.#send(letterTo(before, before.email, 'email-replaced', { by }));
  }

  /** Says goodbye to somebody who has removed their account: the trail's word comes when the address is gone. */
  async sendRemoved(user: User): Promise<void> {
    if (this.able) await this.#send(letterTo(user, user.email, 'removed', {}));
  }

  async #tell(event: Recorded, telling: Telling, id: string): Promise<void> {
    const user = await this.#parts.users.get(id);
    if (user?.email === undefined) return;
    const told = (await this.#afterFailures(event)) ?? telling(event);
    if (!told) return;
    const { kind, facts = {} } = told;
    const by = event.actor === event.target || event.actor === 'anonymous' ? 'you' : 'other';
    const letter = {
      ...letterTo(user, user.email, kind, { ...facts, by }),
      at: event.at,
      ip: by === 'you' ? event.ip : undefined,
    };
    // Under the name of the event, so that one event is one mail however often it is heard.
    await this.#parts.outbox.put(letter, { id: event.id });
  }

  /** A sign-in that came after many wrong proofs since the one before it. */
  async #afterFailures({ type, target = '', id, at }: Recorded): Promise<ReturnType<Telling>> {
    if (type !== 'signin.succeeded') return undefined;
    const { trail } = this.#parts;
    const since = Math.floor(at / 1000) - day;
    const failed = await trail.search({ type: 'signin.failed', target, since }, { limit: 1000 });
    const [first] = failed;
    if (!first || failed.length < suspicious) return undefined;
    const ended = await trail.search({ type: 'signin.succeeded', target, since }, { after: first.id, limit: 1000 });
    const before = ended.findLast((one) => one.id < id)?.id ?? '';
    const count = failed.filter((one) => one.id > before && one.id < id).length;
    return count < suspicious ? undefined : { kind: 'after-failures', facts: { count: String(count) } };
  }

  async #send(letter: Letter | undefined, life?: number): Promise<void> {
    if (!this.able) throw noMail();
    if (letter) await this.#parts.outbox.put(letter, life === undefined ? {} : { life });
  }
}

/** Undefined for somebody without an address. */
export function letterTo(user: User | undefined, to: string, kind: LetterKind, facts: Facts): Letter;
export function letterTo(
  user: User | undefined,
  to: string | undefined,
  kind: LetterKind,
  facts: Facts,
): Letter | undefined;
export function letterTo(
  user: User | undefined,
  to: string | undefined,
  kind: LetterKind,
  facts: Facts,
): Letter | undefined {
  if (to === undefined) return undefined;
  const { locale, zoneinfo } = user?.profile ?? {};
  return { kind, to, user: user?.id, locale, zone: zoneinfo, at: Date.now(), facts };
}
