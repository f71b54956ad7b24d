import type { Config } from './config/schema.ts';
import type { House } from './house.ts';
import { peopleParts } from './people-rooms.ts';
import { BrowserSessions } from './protocol/browser-session.ts';
import { applicationPages } from './routes/account-applications.ts';
import { dataPages } from './routes/account-data.ts';
import { devicePages } from './routes/account-devices.ts';
import { emailPages } from './routes/account-email.ts';
import { factorPages } from './routes/account-factors.ts';
import { historyPages } from './routes/account-history.ts';
import { newFactorPages } from './routes/account-new-factor.ts';
import { passwordPages } from './routes/account-password.ts';
import { profilePages } from './routes/account-profile.ts';
import { providerPages } from './routes/account-providers.ts';
import { sessionPages } from './routes/account-sessions.ts';
import { Freshness } from './signin/freshness.ts';

/** The pages of people's own accounts, and what they are put together of. */
export function accountRooms(
  config: Config,
  house: House,
  provider: ConstructorParameters<typeof BrowserSessions>[0]['provider'],
) {
  const parts = peopleParts(config, house, provider);
  const makers = [
    ...[profilePages, emailPages, passwordPages, sessionPages, applicationPages],
    ...[providerPages, historyPages, dataPages, factorPages, newFactorPages, devicePages],
  ];
  return {
    sessions: new BrowserSessions({ provider, ended: parts.ended }),
    freshness: new Freshness({ ...house, within: 300, levelOf: (user) => house.enrolments.levelOf(user) }),
    pages: makers.flatMap((pages) => pages(parts)),
  };
}
