import { noSettings } from '../../views/admin/settings.ts';
import { actingPages } from './console-acting.ts';
import { keyPages } from './console-keys.ts';
import { mfaPages } from './console-mfa.ts';
import { organizationPages } from './console-organizations.ts';
import { type ConsolePage, consolePage } from './console-page.ts';
import { registrarPages } from './console-registrars.ts';
import { serverPages } from './console-server.ts';
import { openParts, settings } from './console-settings-parts.ts';
import { streamPages } from './console-streams.ts';
import { tierPages } from './console-tiers.ts';
import { webhookPages } from './console-webhooks.ts';

/** The room of the settings leads to the first of its parts that somebody may open. */
const home = consolePage({
  path: settings,
  room: settings,
  listed: (visit) => openParts(visit).length > 0,
  async get(visit) {
    const [first] = openParts(visit);
    if (first !== undefined) return { goOn: `${settings}/${first}` };
    return { title: visit.frame.say('console.nav.settings'), content: noSettings(visit.frame) };
  },
});

/** The settings, and the choice for whom somebody acts. */
export const settingsPages: readonly ConsolePage[] = [
  ...[home, ...actingPages, ...organizationPages, ...mfaPages, ...keyPages],
  ...[...webhookPages, ...streamPages, ...registrarPages, ...tierPages, ...serverPages],
];
