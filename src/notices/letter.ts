/** What a mail is about. */
export type LetterKind =
  | 'factor-added'
  | 'factor-removed'
  | 'factors-reset'
  | 'factor-blocked'
  | 'recovery-codes-made'
  | 'recovery-code-used'
  | 'new-device'
  | 'after-failures'
  | 'password-changed'
  | 'password-reset'
  | 'email-changed'
  | 'email-change-asked'
  | 'removed'
  | 'reset-link'
  | 'reset-elsewhere'
  | 'enrolment-code'
  | 'email-change'
  | 'email-undo'
  | 'email-replaced'
  | 'impersonated';

/** A mail that has no words yet: what it is about, for whom, and what its text fills in. */
export interface Letter {
  kind: LetterKind;
  /** The address. */
  to: string;
  /** The id of the user. */
  user?: string | undefined;
  /** The language and the time zone of the person, where they are known. */
  locale?: string | undefined;
  zone?: string | undefined;
  /** When it happened (milliseconds), and from where. */
  at: number;
  ip?: string | undefined;
  /** What belongs to this kind: `name`, `factor`, `left`, `link`, `code` … */
  facts: Readonly<Record<string, string>>;
}

/** What has to be found out before there is a letter, or none. Whoever asked for it must not notice which it was. */
export interface Errand {
  errand: 'password-reset';
  /** The address that was typed. */
  identifier: string;
  /** The client on whose way it was asked. */
  client?: string | undefined;
  ip: string;
  requestId: string;
}

/** A mail as it is sent. */
export interface Mail {
  to: string;
  subject: string;
  text: string;
  html: string;
}

/** The recipient will never get this mail, so it is not tried again. The message is for the audit trail, without the address. */
export class Undeliverable extends Error {
  override name = 'Undeliverable';
}

/** This recipient cannot get the mail just now; others may. */
export class NotNow extends Error {
  override name = 'NotNow';
}
