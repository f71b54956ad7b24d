import { comment, type Deployment, type Guide, placeholder } from './guide.ts';
import { notes } from './notes.ts';

const list = (names: readonly string[]): string => `[${names.map((name) => JSON.stringify(name)).join(', ')}]`;

/** oauth2-proxy signs people in before a web application; roles come from userinfo at each renewal. */
export const oauth2Proxy: Guide = {
  kind: 'oauth2-proxy',
  about: 'oauth2-proxy (≥ 7.5) signs people in before a web application and lets in who has a role',
  asks: 'sign-in',
  files: (deployment: Deployment) => {
    const { client, issuer, apis, upstream, port } = deployment;
    const roles = [...new Set(apis.flatMap((api) => api.roles))];
    return [
      {
        name: 'oauth2-proxy.cfg',
        text: `${comment('#', [
          ...notes(oauth2Proxy, deployment),
          'Start: oauth2-proxy --config oauth2-proxy.cfg, with OAUTH2_PROXY_COOKIE_SECRET (openssl rand -base64 32 | tr -- +/ -_) in the environment.',
          'A person must hold one of allowed_groups; which paths a role opens is for the application to decide.',
        ])}

http_address = "0.0.0.0:${port}"
upstreams = ["${upstream.origin}/"]
provider = "oidc"
provider_display_name = "Sallyport"
oidc_issuer_url = "${issuer}"
client_id = "${client.id}"
client_secret = ${JSON.stringify(client.secret === placeholder ? placeholder : client.secret)}
redirect_url = "${client.redirectUri ?? ''}"
# roles: userinfo tells the roles held now. offline_access is not asked for: the session here ends with the one there.
scope = "openid profile email roles"
code_challenge_method = "S256"
approval_prompt = "auto"
oidc_groups_claim = "roles"
oidc_email_claim = "sub"
allowed_groups = ${list(roles)}
email_domains = ["*"]
# How often it renews, and asks for the roles again.
cookie_refresh = "${client.keep === 0 ? 60 : client.keep}s"
cookie_expire = "8h"
cookie_secure = ${(client.redirectUri ?? 'https:').startsWith('https:')}
cookie_httponly = true
cookie_samesite = "lax"
skip_provider_button = true
# X-Forwarded-User, -Groups and -Preferred-Username to the application; those that a caller sends are removed.
pass_user_headers = true
skip_auth_strip_headers = true
reverse_proxy = false
`,
      },
    ];
  },
};
