import { createHash } from 'node:crypto';
import type { Login, Memo, UpstreamIdentity } from './connector.ts';
import { claimsOf, groupsOf } from './saml-claims.ts';
import { type Checking, checkIssued, ours } from './saml-message.ts';
import { demand } from './saml-reasons.ts';
import { subjectOf } from './saml-subject.ts';
import { attribute, children, instant, ns, only, textOf } from './saml-xml.ts';

const bearer = 'urn:oasis:names:tc:SAML:2.0:cm:bearer';
/** Conditions that are understood (Core §2.5.1); one that is not makes the assertion worth nothing. */
const understood = ['AudienceRestriction', 'OneTimeUse', 'ProxyRestriction'];

const clockAdvice = 'Set the provider’s clock by NTP, or raise the skew of this connection';

/** The bearer confirmation of the subject: made for us, for this request, and for now. Answers its end in seconds. */
function checkConfirmation(subject: Element, memo: Memo, { settings, around, trace }: Checking): number {
  const found = children(subject, ns.assertion, 'SubjectConfirmation');
  const bearers = found.filter((each) => attribute(each, 'Method') === bearer);
  demand(trace, {
    ok: bearers.length === 1,
    check: 'method of SubjectConfirmation',
    reason: 'wrong_confirmation_method',
    came: found.map((each) => attribute(each, 'Method') ?? 'nothing').join(' ') || 'nothing',
    wanted: `one ${bearer}`,
    advice: 'Choose the web browser SSO profile with one bearer confirmation at the provider',
  });
  const data = bearers[0] && only(bearers[0], ns.assertion, 'SubjectConfirmationData');
  const of = (name: string) => (data ? attribute(data, name) : undefined);
  checkBearer(of, memo, { settings, around, trace });
  return confirmationEnd(of, { settings, around, trace });
}

type Of = (name: string) => string | undefined;
const seen = (came: string | undefined) => (came === undefined ? {} : { came });

function checkBearer(of: Of, memo: Memo, { settings, around, trace }: Checking): void {
  const { acs } = ours(settings, around);
  demand(trace, {
    ok: of('Recipient') === acs,
    check: 'Recipient',
    reason: 'wrong_recipient',
    ...seen(of('Recipient')),
    wanted: acs,
    advice: `Set the recipient (assertion consumer service) at the provider to ${acs}`,
  });
  demand(trace, {
    ok: of('InResponseTo') !== undefined && of('InResponseTo') === memo.requestId,
    check: 'InResponseTo of SubjectConfirmationData',
    reason: 'wrong_confirmation_in_response_to',
    ...seen(of('InResponseTo')),
    wanted: String(memo.requestId),
    advice: 'Let the provider name our request in SubjectConfirmationData, and sign in again',
  });
}

function confirmationEnd(of: Of, { settings, around, trace }: Checking): number {
  const ends = instant(of('NotOnOrAfter'));
  demand(trace, {
    ok: ends !== undefined,
    check: 'end of the confirmation',
    reason: 'confirmation_without_end',
    ...seen(of('NotOnOrAfter')),
    wanted: 'NotOnOrAfter',
    advice: 'Let the provider send NotOnOrAfter in SubjectConfirmationData',
  });
  demand(trace, {
    ok: of('NotBefore') === undefined,
    check: 'no beginning of the confirmation',
    reason: 'confirmation_not_before',
    ...seen(of('NotBefore')),
    wanted: 'no NotBefore (SAML Profiles 4.1.4.2)',
    advice: 'Take NotBefore out of SubjectConfirmationData at the provider',
  });
  demand(trace, {
    ok: (ends ?? 0) > around.now() - settings.skew,
    check: 'confirmation not over',
    reason: 'confirmation_expired',
    ...seen(of('NotOnOrAfter')),
    wanted: `after ${new Date(around.now() * 1000).toISOString()}`,
    advice: clockAdvice,
  });
  return ends ?? 0;
}

/** Conditions: their times, and nobody but us as audience. Answers their end in seconds. */
function checkConditions(assertion: Element, { settings, around, trace }: Checking): number {
  const conditions = only(assertion, ns.assertion, 'Conditions');
  const of = (name: string) => (conditions ? attribute(conditions, name) : undefined);
  const now = around.now();
  const ends = instant(of('NotOnOrAfter'));
  demand(trace, {
    ok: ends !== undefined,
    check: 'end of the conditions',
    reason: 'conditions_without_end',
    wanted: 'Conditions with NotOnOrAfter',
    advice: 'Let the provider send Conditions with NotOnOrAfter',
  });
  demand(trace, {
    ok: (ends ?? 0) > now - settings.skew,
    check: 'conditions not over',
    reason: 'expired',
    came: of('NotOnOrAfter') ?? 'nothing',
    wanted: `after ${new Date(now * 1000).toISOString()}`,
    advice: clockAdvice,
  });
  checkBegun(of('NotBefore'), { settings, around, trace });
  checkUnderstood(conditions ? children(conditions) : [], { settings, around, trace });
  return ends ?? 0;
}

function checkBegun(came: string | undefined, { settings, around, trace }: Checking): void {
  const now = around.now();
  const begins = came === undefined ? 0 : instant(came);
  demand(trace, {
    ok: begins !== undefined && begins <= now + settings.skew,
    check: 'conditions have begun',
    reason: 'not_yet_valid',
    came: came ?? 'no NotBefore',
    wanted: `not after ${new Date(now * 1000).toISOString()}`,
    advice: clockAdvice,
  });
}

function checkUnderstood(all: readonly Element[], checking: Checking): void {
  const strange = all.find((each) => each.namespaceURI !== ns.assertion || !understood.includes(each.localName));
  demand(checking.trace, {
    ok: strange === undefined,
    check: 'conditions are understood',
    reason: 'unknown_condition',
    ...(strange && { came: strange.localName }),
    wanted: understood.join(', '),
    advice: 'Take this condition out at the provider',
  });
  checkAudience(all, checking);
}

function checkAudience(conditions: readonly Element[], { settings, around, trace }: Checking): void {
  const { entityId } = ours(settings, around);
  const restrictions = conditions.filter(({ localName }) => localName === 'AudienceRestriction');
  const audiences = restrictions.map((each) =>
    children(each, ns.assertion, 'Audience').map((name) => textOf(name) ?? ''),
  );
  demand(trace, {
    ok:
      audiences.length > 0 && audiences.every((names) => names.length > 0 && names.every((name) => name === entityId)),
    check: 'Audience',
    reason: 'wrong_audience',
    came: audiences.flat().join(' ') || 'nothing',
    wanted: entityId,
    advice: `Set the entity id (audience) of this application at the provider to ${entityId}`,
  });
}

interface Statement {
  authTime: number;
  authnContext: string | undefined;
  sessionIndex: string | undefined;
  sessionEnds: number | undefined;
}

/** How and when the provider recognised the person, and whether that is what was asked for. */
function statement(assertion: Element, login: Login, memo: Memo, checking: Checking): Statement {
  const { settings, around, trace } = checking;
  const found = only(assertion, ns.assertion, 'AuthnStatement');
  demand(trace, {
    ok: found !== undefined,
    check: 'AuthnStatement',
    reason: 'no_authn_statement',
    wanted: 'one AuthnStatement',
    advice: 'Choose the web browser SSO profile at the provider: one statement says how the person signed in',
  });
  const of = (name: string) => (found ? attribute(found, name) : undefined);
  const now = around.now();
  const authTime = instant(of('AuthnInstant'));
  demand(trace, {
    ok: authTime !== undefined && authTime <= now + settings.skew,
    check: 'AuthnInstant',
    reason: 'wrong_authn_instant',
    came: of('AuthnInstant') ?? 'nothing',
    wanted: `not after ${new Date(now * 1000).toISOString()}`,
    advice: clockAdvice,
  });
  const ends = of('SessionNotOnOrAfter');
  const sessionEnds = instant(ends);
  demand(trace, {
    ok: ends === undefined || (sessionEnds !== undefined && sessionEnds > now - settings.skew),
    check: 'session not over',
    reason: 'session_over',
    came: ends ?? 'no SessionNotOnOrAfter',
    wanted: `after ${new Date(now * 1000).toISOString()}`,
    advice: 'The session at the provider has ended: sign in there again',
  });
  checkFreshness(authTime ?? 0, login, memo, checking);
  const context = found && only(found, ns.assertion, 'AuthnContext');
  const authnContext = textOf(context && only(context, ns.assertion, 'AuthnContextClassRef'));
  return { authTime: authTime ?? 0, authnContext, sessionIndex: of('SessionIndex'), sessionEnds };
}

/** A provider may ignore ForceAuthn; AuthnInstant shows it. */
function checkFreshness(authTime: number, login: Login, memo: Memo, { settings, around, trace }: Checking): void {
  const begun = typeof memo.begun === 'number' ? memo.begun : around.now();
  const limits = [
    ...(login.fresh ? [begun] : []),
    ...(login.maxAge === undefined ? [] : [around.now() - login.maxAge]),
  ];
  const earliest = Math.max(...limits, Number.NEGATIVE_INFINITY) - settings.skew;
  demand(trace, {
    ok: authTime >= earliest,
    check: 'age of the sign-in',
    reason: 'not_fresh',
    came: new Date(authTime * 1000).toISOString(),
    ...(limits.length > 0 && { wanted: `since ${new Date(earliest * 1000).toISOString()}` }),
    advice: 'Let the provider honour ForceAuthn, so that the person proves themselves anew',
  });
}

/** Only where the provider has to do the second factor; otherwise the evidence rules decide, and ours is asked for. */
function checkContext(came: string | undefined, login: Login, { settings, trace }: Checking): void {
  const asked = settings.strongRequest.authnContext ?? [];
  if (!login.strong || settings.mfa !== 'require' || asked.length === 0) return;
  demand(trace, {
    ok: came !== undefined && asked.includes(came),
    check: 'AuthnContext',
    reason: 'weaker_authn_context',
    came: came ?? 'nothing',
    wanted: asked.join(' or '),
    advice: 'Let the provider ask for the second factor, and say so in AuthnContextClassRef',
  });
}

/** One assertion counts once, on every process. */
async function checkOnce(assertion: Element, until: number, { settings, around, trace }: Checking): Promise<void> {
  const id = createHash('sha256')
    .update(`${settings.id}\n${attribute(assertion, 'ID')}`)
    .digest('base64url');
  demand(trace, {
    ok: await around.once(`saml ${id}`, Math.ceil(until) + settings.skew),
    check: 'used once',
    reason: 'replayed',
    advice: 'Sign in again: this answer was used before',
  });
}

function checkForm(assertion: Element, subject: Element | undefined, { settings, trace }: Checking): string {
  const issuer = textOf(only(assertion, ns.assertion, 'Issuer'));
  demand(trace, {
    ok: subject !== undefined && attribute(assertion, 'Version') === '2.0' && attribute(assertion, 'ID') !== undefined,
    check: 'form of the assertion',
    reason: 'malformed_assertion',
    advice: 'Choose the web browser SSO profile of SAML 2.0 at the provider',
  });
  demand(trace, {
    ok: issuer !== undefined && settings.entityIds.includes(issuer),
    check: 'Issuer of the Assertion',
    reason: 'wrong_assertion_issuer',
    ...(issuer !== undefined && { came: issuer }),
    wanted: settings.entityIds.join(' or '),
    advice: 'Add the provider’s entity id to this connection, if it is really theirs',
  });
  return issuer ?? '';
}

/** Reads an assertion that the provider has signed, and says who it is. Throws `refused`. */
export async function identity(
  assertion: Element,
  login: Login,
  memo: Memo,
  checking: Checking,
): Promise<UpstreamIdentity> {
  const { trace } = checking;
  const subject = only(assertion, ns.assertion, 'Subject');
  const issuer = checkForm(assertion, subject, checking);
  checkIssued(assertion, 'wrong_assertion_issue_instant', checking);
  const confirmed = checkConfirmation(subject as Element, memo, checking);
  const valid = checkConditions(assertion, checking);
  const { authTime, authnContext, sessionIndex, sessionEnds } = statement(assertion, login, memo, checking);
  checkContext(authnContext, login, checking);
  const claims = claimsOf(assertion);
  trace.received('attributes', claims);
  const { name, hint, nameId } = subjectOf(subject as Element, claims, checking);
  const groups = groupsOf(claims, checking);
  await checkOnce(assertion, Math.max(confirmed, valid), checking);
  return {
    subject: name,
    issuer,
    claims,
    groups,
    evidence: { amr: [], acrs: [], authnContext, authTime },
    session: { id: sessionIndex, hint, name: nameId },
    sessionEnds,
  };
}
