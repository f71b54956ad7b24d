import type { Reply } from './connector.ts';
import { decoded, parsed, textFrom, unreadable } from './saml-message.ts';
import { attribute, named, ns, Unreadable } from './saml-xml.ts';

/** The text of the SAMLResponse in a form. Throws `refused`. */
export function arrival(reply: Reply): string {
  const message = reply.method === 'POST' ? reply.fields.SAMLResponse : undefined;
  if (message === undefined || message === '') throw unreadable('missing_message');
  try {
    return textFrom(decoded(message));
  } catch (error) {
    throw error instanceof Unreadable ? unreadable(error.reason, error.cause) : error;
  }
}

/**
 * Whether an answer says itself that nobody asked for it (IdP-initiated sign-in): its Response has no InResponseTo. Nothing
 * is verified here, and nothing of it may be used; false for what cannot be read.
 */
export function isUnsolicited(reply: Reply): boolean {
  try {
    const root = parsed(arrival(reply));
    return named(root, ns.protocol, 'Response') && attribute(root, 'InResponseTo') === undefined;
  } catch {
    return false;
  }
}
