import { type Configuration, errors, interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import type { Access } from '../directory/access.ts';
import { apiLevel, apiTooWeak } from './api-demands.ts';
import { askedBy, needsConsentNow } from './consent.ts';
import { atLeast, isLevel, type Level } from './proof.ts';
import { hasEnded, isFederated, type SessionLimits, type StandingParts } from './standing.ts';

const { Check, base } = interactionPolicy;

/** What a sign-in with these methods of ours (RFC 8176) is worth; undefined for none. */
export const levelOf = (amr: readonly string[] = []): Level | undefined => (amr.includes('pwd') ? '1fa' : undefined);

const seconds = (): number => Math.floor(Date.now() / 1000);

/** The life of a session from now on, in seconds: it ends when unused, and at a fixed time after the sign-in. */
export const sessionTtl =
  ({ idle, absolute }: SessionLimits): NonNullable<NonNullable<Configuration['ttl']>['Session']> =>
  (_ctx, { loginTs }) =>
    loginTs === undefined ? idle : Math.max(1, Math.min(idle, loginTs + absolute - seconds()));

interface Parts extends StandingParts {
  access: Pick<Access, 'api'>;
  /** The levels that a sign-in here can reach now (reach.ts). */
  reachable: () => Promise<readonly Level[]>;
}

type Session = KoaContextWithOIDC['oidc']['session'];

/** When the library must send the browser to us: its own prompts with our checks. */
export function policy(parts: Parts): interactionPolicy.DefaultPolicy {
  const prompts = base();
  const login = prompts.get('login');
  if (login) {
    for (const check of [ended(parts), upstreamTooOld(parts), tooWeak(parts), otherPerson]) login.checks.add(check);
    login.checks.add(apiTooWeak({ ...parts, worthOf }));
    login.details = async ({ oidc }) => {
      const wanted = [...wantedLevels(oidc).wanted, await apiLevel(oidc, parts.access)];
      return { strong: wanted.some((one) => isLevel(one) && one !== '1fa') };
    };
  }
  const consent = prompts.get('consent');
  if (consent) {
    consent.details = (ctx) => ({ asked: askedBy(ctx) });
    consent.checks.remove('native_client_prompt');
    consent.checks.add(uncertainClient);
  }
  return prompts;
}

/** Asked at every sign-in that finds a session (standing.ts). */
const ended = (parts: Parts) =>
  new Check('session_ended', 'the session has ended', 'login_required', async ({ oidc }) =>
    hasEnded(parts, oidc.session),
  );

/**
 * A session here is younger than the proof it rests on: `max_age` is about that proof (OIDC Core §3.1.2.1). Many providers
 * say when it was given only when they are asked with `max_age`, so one of unknown age is asked for again.
 */
const upstreamTooOld = ({ upstreamSessions }: Parts) =>
  new Check('upstream_max_age', 'a later sign-in is required', 'login_required', async ({ oidc }) => {
    const { params, result, session } = oidc;
    if (params?.max_age === undefined || result?.login || !session?.uid || !isFederated(session)) return false;
    const upstream = await upstreamSessions.ofSession(session.uid);
    return upstream?.authTime === undefined || seconds() - upstream.authTime > Number(params.max_age);
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
 * one that we cannot give is refused here, because asking again and again would not change it (OIDC Core §5.5.1.1); and
 * so is one that the sign-in just now did not reach.
 */
const tooWeak = ({ reachable }: Parts) =>
  new Check('too_weak', 'a stronger sign-in is required', 'login_required', async ({ oidc }) => {
    const { essential, wanted } = wantedLevels(oidc);
    const ours = wanted.filter(isLevel);
    if ((essential ? wanted : ours).length === 0) return false;
    const best = await reachable();
    const possible = ours.filter((level) => best.some((worth) => atLeast(worth, level)));
    if (possible.length === 0) {
      throw new errors.UnmetAuthenticationRequirements(`a sign-in here can reach the acr ${best.join(', ')}`);
    }
    const worth = worthOf(oidc.session);
    const fits = essential ? wanted.includes(String(worth)) : possible.some((level) => atLeast(worth, level));
    if (fits || !oidc.result?.login) return !fits;
    throw new errors.UnmetAuthenticationRequirements(
      `this sign-in has the acr ${worth}; ${wanted.join(' or ')} was asked`,
    );
  });

/** What a session is worth: what the sign-in found it to be, by our own methods or a provider's evidence. */
const worthOf = (session: Session): Level | undefined => (isLevel(session?.acr) ? session.acr : levelOf(session?.amr));

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
