import type { Connection } from '../federation/connection.ts';
import { domainName } from '../federation/mapping.ts';

/** What a request, or the person, says about where somebody has an account. */
export interface Hints {
  /** `idp_hint` or `kc_idp_hint`: the id of a connection. */
  idpHint?: string | undefined;
  domainHint?: string | undefined;
  loginHint?: string | undefined;
  /** The address that the person typed. */
  typed?: string | undefined;
}

/** Something that may lead to a connection. */
export type Clue = { connection: string } | { domain: string };

/** The domain of an address in the spelling of DNS (lower case, punycode); undefined when there is none. */
export function domainOf(address: string | undefined): string | undefined {
  const [, host] = /@([^@]+)$/.exec(address?.trim() ?? '') ?? [];
  return host === undefined ? undefined : domainName(host);
}

/** The order of home-realm discovery. */
export function clues({ idpHint, domainHint, loginHint, typed }: Hints): Clue[] {
  const domains = [domainHint === undefined ? undefined : domainName(domainHint), domainOf(loginHint), domainOf(typed)];
  return [
    ...(idpHint === undefined ? [] : [{ connection: idpHint }]),
    ...domains.flatMap((domain) => (domain === undefined ? [] : [{ domain }])),
  ];
}

interface LookUps {
  get(id: string): Promise<Connection | undefined>;
  forDomain(domain: string): Promise<Connection | undefined>;
}

/**
 * The connection that these hints lead to; undefined leaves the choice to the person. It looks at domains and never at
 * people, so the answer tells nobody who has an account here.
 */
export async function realm(hints: Hints, connections: LookUps): Promise<Connection | undefined> {
  for (const clue of clues(hints)) {
    const found = 'domain' in clue ? await connections.forDomain(clue.domain) : await connections.get(clue.connection);
    if (found?.state === 'enabled') return found;
  }
  return undefined;
}
