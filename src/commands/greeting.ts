import { createHash } from 'node:crypto';
import type { Demo } from '../demo.ts';
import { randomToken } from '../kernel/crypto.ts';

/** How the commands come by a secret: as it is, or from the shell that asks for it, where it was shown before. */
type Secret = (id: string) => string;

/** What `npm start` says to people: where it is, and three commands to paste that lead to a first token. */
export function greeting(demo: Demo, { fresh }: { fresh: boolean }): string {
  if (!fresh) {
    const asked = commands(demo, (id) => `$(npx sallyport demo --secret ${id})`);
    return `${asked}\n\nSecrets and passwords:  npx sallyport demo\n`;
  }
  return `${withSecrets(demo)}\n\nThey are random, and shown here this once; again with:  npx sallyport demo\n`;
}

/** The same with every secret and password. */
export const withSecrets = (demo: Demo): string =>
  `${commands(demo, (id) => demo.clients[id]?.client_secret ?? '')}\n\n${secrets(demo)}`;

function commands({ issuer }: Demo, secret: Secret): string {
  const basic = (id: string): string => `-u "${id}:${secret(id)}"`;
  const token = `curl -s ${basic('demo-service')} -d grant_type=client_credentials ${issuer}/oauth2/token`;
  const { link, verifier, redirect } = codeFlow(issuer);
  return `
Sallyport is at ${issuer}

A token for a service (client_credentials):
  ${token}

What a gateway asks about it (introspection):
  TOKEN=$(${token} | node -pe 'JSON.parse(require("fs").readFileSync(0)).access_token')
  curl -s ${basic('demo-gateway')} -d "token=$TOKEN" ${issuer}/oauth2/introspect

A person signs in (authorization code with PKCE): open this link, then copy the code from the address that you are sent to
  ${link}
  CODE=...
  curl -s ${basic('demo-web')} -d grant_type=authorization_code -d "code=$CODE" -d redirect_uri=${redirect} -d code_verifier=${verifier} ${issuer}/oauth2/token`;
}

/** RFC 7636 §4: a verifier that is used once, and its challenge in the link. */
function codeFlow(issuer: string): { link: string; verifier: string; redirect: string } {
  const verifier = randomToken();
  const redirect = 'http://localhost:8080/callback';
  const asked = new URLSearchParams({
    client_id: 'demo-web',
    response_type: 'code',
    redirect_uri: redirect,
    scope: 'openid profile email orders:read',
    state: randomToken(9),
    nonce: randomToken(9),
    code_challenge_method: 'S256',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
  });
  return { link: `${issuer}/oauth2/authorize?${asked}`, verifier, redirect };
}

function secrets({ clients, users, registrars }: Demo): string {
  const rows = [
    ...Object.entries(clients).map(([id, { client_secret = 'no secret' }]) => ['client', id, client_secret]),
    ...Object.entries(registrars).map(([id, { token }]) => ['registrar', id, token]),
    ...Object.entries(users).map(([email, { password }]) => ['user', email, password]),
  ];
  const width = Math.max(...rows.map(([, name = '']) => name.length));
  const lines = rows.map(([kind = '', name = '', value]) => `  ${kind.padEnd(9)}  ${name.padEnd(width)}  ${value}`);
  return `Secrets and passwords:\n${lines.join('\n')}`;
}
