import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Access } from '../directory/access.ts';
import type { FactorLevel } from '../factors/factor.ts';
import { apiLevel } from './api-demands.ts';
import { atLeast, type Level, levels } from './proof.ts';
import { worthOfSession } from './worth.ts';

type OIDC = KoaContextWithOIDC['oidc'];

/** The values of `acr` that this request names, by `acr_values` or the claim, and whether one of them is a must. */
export function wantedLevels({ claims }: OIDC): { essential: boolean; wanted: string[] } {
  const asked: unknown = claims.id_token?.acr;
  if (typeof asked !== 'object' || asked === null) return { essential: false, wanted: [] };
  const [value, values] = ['value' in asked ? asked.value : undefined, 'values' in asked ? asked.values : undefined];
  const wanted = [value, ...(Array.isArray(values) ? values : [])].filter((one) => typeof one === 'string');
  return { essential: 'essential' in asked && asked.essential === true, wanted };
}

/** The level that meets the client's wish: the least of those it names; undefined when it names none of ours. */
export const wantedLevel = (oidc: OIDC): Level | undefined => {
  const { wanted } = wantedLevels(oidc);
  return levels.find((level) => wanted.includes(level));
};

/** What the client and the APIs that it names ask for together, where one factor is not enough. */
export async function askedLevel(oidc: OIDC, access: Pick<Access, 'api'>): Promise<FactorLevel | undefined> {
  const all = [wantedLevel(oidc), await apiLevel(oidc, access)];
  return (['phr', '2fa'] as const).find((level) => all.includes(level));
}

/** Whether a request wants the person to prove anew who they are (OIDC Core §3.1.2.1). */
export const wantsFresh = (params: Readonly<Record<string, unknown>>): boolean =>
  params.max_age !== undefined ||
  String(params.prompt ?? '')
    .split(' ')
    .includes('login');

/**
 * The `acr` of this request. An essential claim has to be answered with one of its values (OIDC Core §5.5.1.1), and whoever
 * reached a higher level has reached a lower one too; all others hear what the session is worth.
 */
export function acrOf(oidc: OIDC): string | undefined {
  const worth = worthOfSession(oidc.session);
  const { essential, wanted } = wantedLevels(oidc);
  const fitting = essential ? levels.findLast((level) => wanted.includes(level) && atLeast(worth, level)) : undefined;
  return fitting ?? worth;
}

/** What the prompt of the library keeps of a request, for the sign-in (flow.ts). */
export interface AskedDetails extends Record<string, unknown> {
  asked: FactorLevel | undefined;
  /** A provider is to ask for a second factor. */
  strong: boolean;
  /** When the session that there is was made (seconds). */
  authTime: number | undefined;
}
