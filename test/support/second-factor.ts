import assert from 'node:assert/strict';
import { somebody } from './account.ts';
import type { TestApp } from './app.ts';
import { Authenticator } from './authenticator.ts';
import type { Page } from './browser.ts';
import { codeOf } from './totp.ts';

const seen = { ip: '192.0.2.1', requestId: 'r-1' };

/** An authenticator app for this person: its secret. The code before the current one is used by that. */
export async function addTotp(app: TestApp, id: string): Promise<string> {
  const place = { person: { id, name: id }, binding: 'a test' };
  const { secret } = await app.parts.enrolments.offer('totp', place);
  const bind = () =>
    app.parts.enrolments.accept('totp', place, { answer: { code: codeOf(secret, -1) }, name: '', seen });
  // A new step may have begun between the code and its check.
  assert.ok((await bind()).ok || (await bind()).ok);
  return secret;
}

/** A security key or passkey for this person; without `verifies` it is a key that only wants to be touched. */
export async function addKey(app: TestApp, id: string, { verifies = true } = {}): Promise<Authenticator> {
  const key = new Authenticator({ origin: app.issuer, verifies });
  const place = { person: { id, name: id }, binding: 'a test' };
  const { options } = await app.parts.enrolments.offer('webauthn', place);
  const made = { answer: { response: key.create({ ...options, rp: { id: options.rp.id ?? '' } }) }, name: '', seen };
  assert.equal((await app.parts.enrolments.accept('webauthn', place, made)).ok, true);
  return key;
}

/** Somebody new with an authenticator app. */
export async function withTotp(app: TestApp, email: string): Promise<{ id: string; secret: string }> {
  const id = await somebody(app, email);
  return { id, secret: await addTotp(app, id) };
}

/** The options of the ceremony that a page asks for. */
export function optionsOn({ text }: Page) {
  const [, json = ''] = /data-options="([^"]*)"/.exec(text) ?? [];
  assert.notEqual(json, '', 'there is no ceremony on this page');
  return JSON.parse(json.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&'));
}

/** Ten codes, as the page shows them. */
export const codesOn = ({ text }: Page): string[] =>
  [...text.matchAll(/<li><code>([^<]+)<\/code>/g)].map(([, code = '']) => code);
