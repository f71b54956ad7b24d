import { type Configuration, errors, interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import type { Users } from '../directory/users.ts';
import { askedBy, needsConsentNow } from './consent.ts';

const { Check, base } = interactionPolicy;

/** How surely a person was recognised, weakest first; the values of `acr` that mean something here. */
const levels = ['1fa', '2fa', 'phr'];
/** Those that a sign-in can reach today. */
const reachable = ['1fa'];

/** What a sign-in with these methods (RFC 8176) is worth; undefined for none. */
export const levelOf = (amr: readonly string[] = []): string | undefined => (amr.includes('pwd') ? '1fa' : undefined);

const strongEnough = (worth: string | undefined, level: string): boolean =>
  worth !== undefined && levels.indexOf(worth) >= levels.indexOf(level);

const seconds = (): number => Math.floor(Date.now() / 1000);

/** How long a session lives, in seconds: unused, and since the sign-in. */
export interface SessionLimits {
  idle: number;
  absolute: number;
}

/** The life of a session from now on, in seconds: it ends when unused, and at a fixed time after the sign-in. */
export const sessionTtl =
  ({ idle, absolute }: SessionLimits): NonNullable<NonNullable<Configuration['ttl']>['Session']> =>
  (_ctx, { loginTs }) =>
    loginTs === undefined ? idle : Math.max(1, Math.min(idle, loginTs + absolute - seconds()));

/** When the library must send the browser to us: its own prompts with our checks. */
export function policy(users: Users, limits: SessionLimits): interactionPolicy.DefaultPolicy {
  const prompts = base();
  prompts.get('login')?.checks.add(ended(users, limits));
  prompts.get('login')?.checks.add(tooWeak);
  prompts.get('login')?.checks.add(otherPerson);
  const consent = prompts.get('consent');
  if (consent) {
    consent.details = (ctx) => ({ asked: askedBy(ctx) });
    consent.checks.remove('native_client_prompt');
    consent.checks.add(uncertainClient);
  }
  return prompts;
}

/** A session counts no more when its person is gone or was signed out everywhere since, or when it has become too old. */
const ended = (users: Users, { absolute }: SessionLimits) =>
  new Check('session_ended', 'the session has ended', 'login_required', async ({ oidc }) => {
    const { accountId, loginTs = 0 } = oidc.session ?? {};
    if (accountId === undefined) return false;
    const user = await users.get(accountId);
    return user?.state !== 'active' || loginTs < (user.signedOut ?? 0) || loginTs + absolute <= seconds();
  });

/** The library compares the hint with who was signed in before, and not with who signed in now (OIDC Core §3.1.2.1). */
const otherPerson = new Check('id_token_hint_again', 'somebody else signed in', 'login_required', ({ oidc }) => {
  const hint = oidc.result?.login ? oidc.params?.id_token_hint : undefined;
  return typeof hint === 'string' && subjectOf(hint) !== oidc.session?.accountId;
});

/** Of an ID token that the library has validated before. */
function subjectOf(idToken: string): unknown {
  const claims: unknown = JSON.parse(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString());
  return typeof claims === 'object' && claims !== null && 'sub' in claims ? claims.sub : undefined;
}

/**
 * A wish for a level (`acr_values`) is kept where we know the level, and refused where we know it and cannot reach it
 * (unmet_authentication_requirements); values of other vocabularies are only wishes (OIDC Core §3.1.2.1). An essential
 * one that we cannot give is refused here, because asking again and again would not change it (OIDC Core §5.5.1.1).
 */
const tooWeak = new Check('too_weak', 'a stronger sign-in is required', 'login_required', ({ oidc }) => {
  const { essential, wanted } = wantedLevels(oidc);
  const ours = wanted.filter((level) => levels.includes(level));
  const possible = ours.filter((level) => reachable.some((worth) => strongEnough(worth, level)));
  if (possible.length === 0 && (essential ? wanted : ours).length > 0) {
    throw new errors.UnmetAuthenticationRequirements(`a sign-in here can reach the acr ${reachable.join(', ')}`);
  }
  const worth = levelOf(oidc.session?.amr);
  return possible.length > 0 && !possible.some((level) => strongEnough(worth, level));
});

function wantedLevels(oidc: KoaContextWithOIDC['oidc']): { essential: boolean; wanted: string[] } {
  const asked: unknown = oidc.claims.id_token?.acr;
  if (typeof asked !== 'object' || asked === null) return { essential: false, wanted: [] };
  const [value, values] = ['value' in asked ? asked.value : undefined, 'values' in asked ? asked.values : undefined];
  const wanted = [value, ...(Array.isArray(values) ? values : [])].filter((one) => typeof one === 'string');
  return { essential: 'essential' in asked && asked.essential === true, wanted };
}

/** Anybody may pretend to be such a client, so the person says each time that this is the right one (RFC 8252 §8.6). */
const uncertainClient = new Check(
  'uncertain_client',
  'this client needs the consent of the person each time',
  'interaction_required',
  ({ oidc }) => needsConsentNow(oidc) && !oidc.result?.consent,
);
