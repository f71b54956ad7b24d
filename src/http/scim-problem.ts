import type { Problem } from '../kernel/errors.ts';

/** The detail error keywords of RFC 7644 §3.12. */
const keywords = new Set(
  `invalidFilter tooMany uniqueness mutability invalidSyntax invalidPath noTarget invalidValue invalidVers
  sensitive`.split(/\s+/),
);
/** What errors of the directory are there. */
const others: Record<string, string> = {
  invalid: 'invalidValue',
  invalid_profile: 'invalidValue',
  taken: 'uniqueness',
};

/** The type of every answer to a SCIM client (RFC 7644 §8.1). */
export const scimType = 'application/scim+json';

/** A Problem as a SCIM client reads it (RFC 7644 §3.12). */
export function scimError({ code, status, message }: Problem): object {
  const keyword = keywords.has(code) ? code : others[code];
  return {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: String(status),
    ...(keyword === undefined ? {} : { scimType: keyword }),
    detail: message,
  };
}
