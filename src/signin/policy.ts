import { type Configuration, errors, interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import type { Access } from '../directory/access.ts';
import { apiTooWeak } from './api-demands.ts';
import { type AskedDetails, askedLevel, wantedLevel, wantedLevels, wantsFresh } from './asked.ts';
import { browserOf } from './browser-cookie.ts';
import { askedBy, needsConsentNow } from './consent.ts';
import { atLeast, levels } from './proof.ts';
import type { Standards } from './standards.ts';
import { hasEnded, isFederated, type SessionLimits, type StandingParts } from './standing.ts';
import { lacking, worthOfSession } from './worth.ts';

const { Check, base } = interactionPolicy;

const seconds = (): number => Math.floor(Date.now() / 1000);

/** The life of a session from now on, in seconds: it ends when unused, and at a fixed time after the sign-in. */
export const sessionTtl =
  ({ idle, absolute }: SessionLimits): NonNullable<NonNullable<Configuration['ttl']>['Session']> =>
  (_ctx, { loginTs }) =>
    loginTs === undefined ? idle : Math.max(1, Math.min(idle, loginTs + absolute - seconds()));

interface Parts extends StandingParts {
  access: Pick<Access, 'api'>;
  standards: Standards;
}

/** When the library must send the browser to us: its own prompts with our checks. */
export function policy(parts: Parts): interactionPolicy.DefaultPolicy {
  const prompts = base();
  const login = prompts.get('login');
  if (login) {
    const ours = [
      ended(parts),
      upstreamTooOld(parts),
      tooWeak,
      apiTooWeak(parts.access),
      lacksFactor(parts),
      otherPerson,
    ];
    for (const check of ours) login.checks.add(check);
    login.details = ({ oidc }) => detailsOf(oidc, parts);
  }
  const consent = prompts.get('consent');
  if (consent) {
    consent.details = (ctx) => ({ asked: askedBy(ctx) });
    consent.checks.remove('native_client_prompt');
    consent.checks.add(uncertainClient);
  }
  return prompts;
}

/** For the sign-in, which sees nothing of the request but this and its parameters. */
async function detailsOf(oidc: KoaContextWithOIDC['oidc'], { access }: Parts): Promise<AskedDetails> {
  const asked = await askedLevel(oidc, access);
  return { asked, strong: asked !== undefined, authTime: oidc.session?.loginTs };
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
 * A wish for a level (`acr_values`) is kept where we know the level; values of other vocabularies are only wishes (OIDC Core
 * §3.1.2.1). An essential one that nobody here can give is refused, because asking again and again would not change it
 * (OIDC Core §5.5.1.1); and so is one that the sign-in just now did not reach.
 */
const tooWeak = new Check('too_weak', 'a stronger sign-in is required', 'login_required', ({ oidc }) => {
  const { essential, wanted } = wantedLevels(oidc);
  const level = wantedLevel(oidc);
  if (level === undefined) {
    if (!essential || wanted.length === 0) return false;
    throw new errors.UnmetAuthenticationRequirements(`a sign-in here can have the acr ${levels.join(', ')}`);
  }
  const worth = worthOfSession(oidc.session);
  if (atLeast(worth, level) || !oidc.result?.login) return !atLeast(worth, level);
  throw new errors.UnmetAuthenticationRequirements(`this sign-in has the acr ${worth}; ${level} was asked`);
});

/** The policies ask for more than this session is worth: by the very rules by which a sign-in ends (worth.ts). */
const lacksFactor = ({ users, upstreamSessions, standards }: Parts) =>
  new Check('second_factor', 'a second factor is required', 'login_required', async (ctx) => {
    const { session, client, params } = ctx.oidc;
    const user = session?.accountId === undefined ? undefined : await users.get(session.accountId);
    if (!session || !client || !user) return false;
    const upstream = isFederated(session) ? await upstreamSessions.ofSession(session.uid) : undefined;
    const rules = await standards.of({
      ...{ user, client: client.clientId, connection: upstream?.connection, groups: upstream?.groups },
      ...{ browser: browserOf(ctx), fresh: wantsFresh(params ?? {}) },
    });
    const proven = { worth: worthOfSession(session), factor: false, vouched: false, postponed: rules.told };
    return lacking(proven, rules) !== undefined;
  });

/** Anybody may pretend to be such a client, so the person says each time that this is the right one (RFC 8252 §8.6). */
const uncertainClient = new Check(
  'uncertain_client',
  'this client needs the consent of the person each time',
  'interaction_required',
  ({ oidc }) => needsConsentNow(oidc) && !oidc.result?.consent,
);
