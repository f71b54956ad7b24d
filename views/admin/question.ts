import { type Html, html } from '../../src/kernel/html.ts';
import { choice, field } from '../account/fields.ts';
import type { Frame } from '../layout.ts';
import { editForm } from './forms.ts';
import { head } from './parts.ts';

/** A page of one decision: what will happen, with the name of what it happens to, and what may be said with it. */
export interface ConsoleQuestion {
  title: Html;
  sentence: Html;
  etag?: string | undefined;
  /** A reason is asked for, with what was typed. */
  reason?: { typed: string; required: boolean } | undefined;
  /** Something is chosen with it. */
  pick?:
    | { name: string; label: Html; value: string; options: readonly (readonly [string, Html | string])[] }
    | undefined;
  deed: Html;
  danger?: boolean | undefined;
  back: string;
}

/** Asks before something is done. */
export const consoleQuestion = (frame: Frame, { title, sentence, reason, pick, ...form }: ConsoleQuestion): Html =>
  html`${head(title, { about: sentence })}
${editForm(frame, {
  ...form,
  fields: html`${pick && choice(pick)}${
    reason &&
    field({
      name: 'reason',
      label: frame.say('console.reason'),
      hint: frame.say(reason.required ? 'console.reason.trail' : 'console.reason.optional'),
      value: reason.typed,
      autocomplete: 'off',
      required: reason.required,
      maxlength: 300,
    })
  }`,
})}`;
