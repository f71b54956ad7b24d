import type { Connection } from '../federation/connection.ts';
import type { Level } from './proof.ts';

/** The levels that a sign-in can reach: one factor here, and more where a connection believes its provider's evidence. */
export function reachable(connections: readonly Connection[]): Level[] {
  const believed = connections.filter(({ state, mfa }) => state === 'enabled' && mfa !== 'ignore');
  const upstream = new Set(believed.flatMap(({ evidence }) => evidence.map(({ level }) => level)));
  return ['1fa', ...(['2fa', 'phr'] as const).filter((level) => upstream.has(level))];
}
