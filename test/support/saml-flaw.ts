import assert from 'node:assert/strict';
import type { SamlConnection } from '../../src/federation/connection.ts';
import type { Login } from '../../src/federation/connector.ts';
import type { SamlReason } from '../../src/federation/saml-reasons.ts';
import type { Answer } from './saml-idp.ts';
import type { Keys } from './saml-parts.ts';

/** What is wrong with an answer, and the reason for which it has to be refused. */
export interface Flaw {
  reason: SamlReason;
  lies?: Partial<Answer> | ((keys: Keys) => Partial<Answer>);
  settings?: Partial<Record<keyof SamlConnection, unknown>>;
  login?: Partial<Login>;
  /** The form's field in place of the message. */
  field?: (message: string) => string;
}

/** A change of the signed message, which must change it. */
export const edit = (from: string | RegExp, to: string): Partial<Answer> => ({
  edit: (xml) => {
    const edited = xml.replace(from, () => to);
    assert.notEqual(edited, xml, 'the flaw must be in the message');
    return edited;
  },
});
