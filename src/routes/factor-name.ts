import type { Frame } from '../../views/layout.ts';
import { plain } from '../../views/words.ts';
import type { FactorKind } from '../factors/factor.ts';

/**
 * What a factor is called where nobody is asked for a name, in the language of the page. Empty for a passkey or security key:
 * which of the two it is shows when it is bound.
 */
export const usualName = ({ say }: Frame, kind: FactorKind): string =>
  kind === 'webauthn' ? '' : plain(say(`account.factors.kind.${kind}`));
