import { errors, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { Organizations } from '../directory/organizations.ts';

type OIDC = KoaContextWithOIDC['oidc'];

/** The organisation that a request is about, by the library's own object for it. */
const chosen = new WeakMap<OIDC, string>();

/** The organisation that the tokens of this request are for. */
export const organizationOf = ({ oidc }: Pick<KoaContextWithOIDC, 'oidc'>): string | undefined => chosen.get(oidc);

/** The same for the request that the library is working on, in the form in which a code or refresh token keeps it. */
export function keptOrganization(): { organization?: string } {
  const oidc = Provider.ctx?.oidc;
  const organization = oidc && chosen.get(oidc);
  return organization === undefined ? {} : { organization };
}

/** What a code or refresh token was for, its successors are for. */
export function followOrganization(kept: unknown): void {
  const oidc = Provider.ctx?.oidc;
  if (oidc && typeof kept === 'string') chosen.set(oidc, kept);
}

interface Parts {
  organizations: Organizations;
  /** The connection that a session of ours came through. */
  connectionOf(sessionUid: string): Promise<string | undefined>;
}

/**
 * At the authorization endpoint, once it is known who it is: the organisation that the client named, or the one of the
 * connection that the person came through. Throws access_denied (RFC 6749 §4.1.2.1) for somebody who is no member.
 */
export async function chooseOrganization({ organizations, connectionOf }: Parts, { oidc }: KoaContextWithOIDC) {
  const person = oidc.account?.accountId;
  // Whoever is to sign in anew may come back as somebody else.
  if (person === undefined || oidc.promptPending('login') || oidc.promptPending('select_account')) return;
  const asked = oidc.params?.organization;
  const subject = `user:${person}`;
  if (typeof asked === 'string' && asked !== '') {
    if (!(await organizations.isMember(asked, subject))) throw notMember(asked);
    chosen.set(oidc, asked);
    return;
  }
  const uid = oidc.session?.uid;
  const connection = uid === undefined ? undefined : await connectionOf(uid);
  const own = connection === undefined ? undefined : await organizations.ofConnection(connection);
  if (own && (await organizations.isMember(own.id, subject))) chosen.set(oidc, own.id);
}

const notMember = (organization: string) =>
  new errors.AccessDenied(
    `the person who signed in is no member of the organization ${organization.slice(0, 100)}; ask for another one, or for none`,
  );

/** The organisation that a client asks its own token for. Throws invalid_request when it is no member of it. */
export async function chooseForMachine(
  organizations: Organizations,
  { oidc }: KoaContextWithOIDC,
  clientId: string,
): Promise<void> {
  const asked = oidc.body?.organization;
  if (asked === undefined || asked === '' || chosen.has(oidc)) return;
  if (typeof asked === 'string' && (await organizations.isMember(asked, `client:${clientId}`))) {
    chosen.set(oidc, asked);
    return;
  }
  throw new errors.InvalidRequest(
    'organization must be the id of one organization of which this client is a member; ask an administrator, or leave it out',
  );
}
