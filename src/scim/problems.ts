import { problem } from '../kernel/errors.ts';

/** The filter does not follow RFC 7644 §3.4.2.2, or compares what cannot be compared. */
export const invalidFilter = problem('invalidFilter', 400, (sentence: string) => sentence);

/** A PATCH names what is no attribute here. */
export const invalidPath = problem('invalidPath', 400, (sentence: string) => sentence);

/** A value is missing, or not in its form. */
export const invalidValue = problem('invalidValue', 400, (sentence: string) => sentence);

/** The body is not the message that is wanted here. */
export const invalidSyntax = problem('invalidSyntax', 400, (sentence: string) => sentence);

/** A PATCH speaks of a value that is not there. */
export const noTarget = problem('noTarget', 400, (sentence: string) => sentence);

/** What is to be changed is not the caller's to change. */
export const mutability = problem('mutability', 400, (sentence: string) => sentence);

/** Somebody, or some group, has this name already. */
export const uniqueness = problem('uniqueness', 409, (sentence: string) => sentence);

/** More would have to be looked through than is. */
export const tooMany = problem('tooMany', 400, (sentence: string) => sentence);

/** If-Match names another version than the one that stands (RFC 7644 §3.14). */
export const otherVersion = problem(
  'changed',
  412,
  () => 'Somebody has changed this meanwhile; read it again, and send the change with its new version in If-Match',
);

/** It would leave nobody to look after this server, which is no organisation's to decide. */
export const lastAdministrator = problem('access_denied', 403, (sentence: string) => sentence);
