import { type Refusal, refused, type Trace } from './connector.ts';

/** Every reason for which a SAML message is refused; the audit trail and the doctor know them by these words. */
export const samlReasons = [
  // The form, and the document in it.
  'missing_message',
  'unsolicited',
  'wrong_relay_state',
  'too_big',
  'not_base64',
  'not_deflated',
  'not_utf8',
  'doctype',
  'comment',
  'cdata',
  'processing_instruction',
  'too_deep',
  'too_many_elements',
  'not_xml',
  'relative_namespace',
  'wrong_root',
  'wrong_version',
  'duplicate_id',
  'no_assertion',
  'several_assertions',
  'misplaced_assertion',
  'misplaced_signature',
  'malformed_signature',
  'weak_algorithm',
  // The response.
  'provider_error',
  'wrong_destination',
  'wrong_issuer',
  'wrong_in_response_to',
  'wrong_issue_instant',
  // Signatures and encryption.
  'unsigned',
  'response_unsigned',
  'assertion_unsigned',
  'bad_signature',
  'certificate_expired',
  'not_encrypted',
  'weak_encryption',
  'not_decrypted',
  // The assertion.
  'malformed_assertion',
  'wrong_assertion_issuer',
  'wrong_assertion_issue_instant',
  'wrong_confirmation_method',
  'wrong_recipient',
  'wrong_confirmation_in_response_to',
  'confirmation_without_end',
  'confirmation_not_before',
  'confirmation_expired',
  'conditions_without_end',
  'unknown_condition',
  'not_yet_valid',
  'expired',
  'wrong_audience',
  'no_authn_statement',
  'wrong_authn_instant',
  'session_over',
  'not_fresh',
  'weaker_authn_context',
  'transient_subject',
  'wrong_subject_format',
  'no_subject',
  'encrypted_subject',
  'groups_overage',
  'replayed',
] as const;

export type SamlReason = (typeof samlReasons)[number];

/** What a check found; `ok` decides. */
export interface Finding extends Omit<Refusal, 'reason'> {
  ok: boolean;
  reason: SamlReason;
}

/** The doctor and the audit trail show what came; it is cut, so that nobody fills them. */
export const shown = (value: string | undefined): string => (value === undefined ? 'nothing' : value.slice(0, 300));

/** Tells the trace of a check that was passed. Throws `refused` for one that was not. */
export function demand(trace: Trace, { ok, ...refusal }: Finding): void {
  if (!ok) throw refused({ ...refusal, ...(refusal.came !== undefined && { came: shown(refusal.came) }) });
  trace.passed(refusal.check, refusal.came === undefined ? undefined : shown(refusal.came));
}
