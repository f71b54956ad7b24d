/** A path as every server reads it: no escape, no dot at the beginning of a segment, no empty segment. */
const plain = /^(?:\/[\w~-][\w.~-]*)+$/;
/** What RFC 3986 §3.3 lets stand in a path, without `;`: servers disagree on whether what follows it belongs to the name. */
const lawful = /^\/[\w.~!$&'()*+,=:@%/-]*$/;
/** What a decoded segment must not have: a separator, a control character, or an escape, which some decode once more. */
const hidden = /[\p{Cc}/\\;]|%[\da-f]{2}/iu;

/**
 * The segments of a request's path, decoded once; `/orders/` has an empty one at its end. Undefined for every path that
 * another server could take for a different one: dot segments, empty segments, encoded separators, parameters, double
 * encoding, what is no UTF-8. Whoever guards a server must refuse these, since it cannot know what that server makes of them.
 */
export function segmentsOf(path: string): string[] | undefined {
  if (plain.test(path)) return path.slice(1).split('/');
  if (!lawful.test(path)) return undefined;
  const segments: string[] = [];
  for (const part of path.slice(1).split('/')) {
    const segment = decoded(part);
    if (segment === undefined) return undefined;
    segments.push(segment);
  }
  return segments.lastIndexOf('', -2) === -1 ? segments : undefined;
}

function decoded(part: string): string | undefined {
  let segment: string;
  try {
    segment = decodeURIComponent(part);
  } catch {
    return undefined;
  }
  // Some systems take letters of other alphabets for the ASCII ones that they look like.
  const read = segment.normalize('NFKC');
  return hidden.test(read) || read === '.' || read === '..' ? undefined : segment;
}
