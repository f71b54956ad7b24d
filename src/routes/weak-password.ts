import type { Frame } from '../../views/layout.ts';
import { passwordLength, type WeakPassword } from '../directory/passwords.ts';
import type { Html } from '../kernel/html.ts';

/** Why a password cannot be used, and what would do, on a page. */
export const weakWords = ({ say }: Frame, { why, characters }: WeakPassword): Html =>
  say(`password.${why}`, { count: characters, ...passwordLength });
