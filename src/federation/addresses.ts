/** A connection as far as its addresses tell; it need not be there yet. */
interface Addressed {
  id: string;
  kind: 'oidc' | 'saml' | 'ldap';
  entityId?: string | undefined;
  universalLogout?: boolean | undefined;
}

/** Under what we are known at a provider, and where it finds us: what its administrator has to enter there. */
export interface Addresses {
  /** OAuth redirect URI (OIDC). */
  redirectUri?: string;
  /** Where the browser may come back to after a sign-out there (OIDC), or single logout (SAML). */
  logoutUri?: string;
  /** OpenID Connect Back-Channel Logout 1.0. */
  backchannelLogoutUri?: string;
  /** Global token revocation (Okta Universal Logout). */
  universalLogoutUri?: string;
  /** SAML: our name, where assertions are sent, and where all of it can be read. */
  entityId?: string;
  assertionConsumerService?: string;
  metadataUrl?: string;
}

/** What the administrator of the provider needs. A directory needs nothing of us. */
export function addressesOf(connection: Addressed, issuer: string): Addresses {
  const place = `${issuer}/federation/${connection.id}`;
  if (connection.kind === 'ldap') return {};
  if (connection.kind === 'saml') {
    const metadataUrl = `${place}/metadata`;
    return {
      entityId: connection.entityId ?? metadataUrl,
      assertionConsumerService: `${place}/acs`,
      logoutUri: `${place}/slo`,
      metadataUrl,
    };
  }
  return {
    redirectUri: `${place}/callback`,
    logoutUri: `${place}/logout`,
    backchannelLogoutUri: `${place}/backchannel-logout`,
    ...(connection.universalLogout ? { universalLogoutUri: `${place}/universal-logout` } : {}),
  };
}
