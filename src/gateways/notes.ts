import { type Deployment, type Guide, placeholder } from './guide.ts';
import { boundOf } from './products.ts';

const taken = 'a revoked token, and a role that was taken away,';

/** The longest life of a token here (seconds). */
export const longestTtl = (apis: readonly { ttl: number }[]): number => Math.max(0, ...apis.map(({ ttl }) => ttl));

/** How long what was taken away still counts, in a sentence. */
function boundText({ kind, asks }: Pick<Guide, 'kind' | 'asks'>, { client: { keep }, apis }: Deployment): string {
  const { until, seconds } = boundOf(kind, { keep, ttl: longestTtl(apis) });
  if (asks === 'sign-in')
    return `It asks again every ${seconds} s: so long can a session that has ended, or a role that was taken away, still count.`;
  if (asks === 'jwt')
    return `It asks nobody: a JWT counts until it ends, here ${seconds} s after it was issued, with the roles it was issued with.`;
  if (until === 'seconds')
    return `It keeps an answer for ${seconds} s at most: so long can a revoked token, or a role that was taken away, still count.`;
  if (until === 'token')
    return `It keeps an answer until the token ends: so long, here ${seconds} s, can ${taken} still count; give the client cache seconds.`;
  if (until === 'cache')
    return `It keeps an answer as its own cache says: so long can ${taken} still count; give the client cache seconds.`;
  return asks === 'forward-auth'
    ? `It keeps nothing: ${taken} count at the next request.`
    : `It keeps no answer: ${taken} count at the next request.`;
}

/** What every configuration begins with: for what it is, what it keeps and how long, and what is still to be done. */
export function notes(guide: Pick<Guide, 'kind' | 'asks' | 'about' | 'headers'>, deployment: Deployment): string[] {
  const { issuer, client, apis } = deployment;
  const routed = apis.filter(({ ways }) => ways.length > 0);
  return [
    `${guide.kind}: ${guide.about}`,
    `Written by: sallyport gateway config ${guide.kind} --client ${client.id}`,
    `Issuer ${issuer}, client ${client.id}, for ${apis.map(({ audience }) => audience).join(', ') || 'no API yet'}`,
    '',
    `Bound: ${boundText(guide, deployment)}`,
    guide.headers ??
      (guide.asks === 'sign-in'
        ? 'Headers: X-Forwarded-User, -Email, -Groups and -Preferred-Username of a caller never reach the application.'
        : 'Headers: X-Auth-* of a caller never reach the service; X-Forwarded-Uri, -Method and X-Original-* of a caller decide nothing.'),
    guide.asks === 'jwt'
      ? 'Closed: what cannot be verified is refused; while this server is away, tokens still count by the keys that are known.'
      : 'Closed: when this server does not answer, nothing new is let through.',
    ...(guide.asks === 'forward-auth'
      ? ['Trust: SALLYPORT_TRUSTED_PROXIES of the server must name the address of this gateway.']
      : []),
    ...(client.secret === placeholder && guide.asks !== 'forward-auth' && guide.asks !== 'jwt'
      ? [
          `To do: replace ${placeholder} by the secret of ${client.id} (it is not known here any more; sallyport client rotate-secret ${client.id} makes another).`,
        ]
      : []),
    ...(routed.length < apis.length
      ? [
          "To do: an API has no routes, so nothing of it is let through; sallyport api set AUDIENCE --route 'GET /** = PERMISSION'",
        ]
      : []),
  ];
}
