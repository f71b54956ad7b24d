import type { Signal } from '../signals/signal.ts';

/** A signal in the words of introspection (RFC 7662 §2.2); `at` in seconds. */
export const signalDocument = ({ id, at, type, sub, client, jti, audiences, reason }: Signal) => ({
  id,
  type,
  at: Math.floor(at / 1000),
  ...(sub === undefined ? {} : { sub }),
  ...(client === undefined ? {} : { client_id: client }),
  ...(jti === undefined ? {} : { jti }),
  ...(audiences === undefined ? {} : { aud: audiences }),
  reason,
});
