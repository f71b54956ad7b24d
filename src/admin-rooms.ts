import { Activity } from './audit/activity.ts';
import type { Config } from './config/schema.ts';
import { shownSettings } from './config/shown.ts';
import { Reach } from './directory/reach.ts';
import { gatewayParts } from './gateway-rooms.ts';
import type { House } from './house.ts';
import type { Operation } from './http/resource.ts';
import { peopleParts } from './people-rooms.ts';
import { Impersonation } from './protocol/impersonation.ts';
import type { WhereProvider } from './protocol/sessions.ts';
import { adminOperations } from './routes/admin.ts';

/** Everything that administration can do. Without a provider (no server runs here) no application is told of sessions that end. */
export function adminRooms(config: Config, house: House, provider: WhereProvider = () => undefined): Operation[] {
  const { clientCertificateHeader, registration } = config;
  const people = peopleParts(config, house, provider);
  const impersonation = new Impersonation({ ...house, allowed: config.impersonation });
  return adminOperations({
    ...people,
    clientCertificateHeader,
    registration,
    impersonation,
    gateways: gatewayParts(config, house),
    reach: new Reach(house),
    settings: shownSettings(config),
    activity: new Activity(house.store),
  });
}
