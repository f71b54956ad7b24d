import { readFileSync } from 'node:fs';
import { destinationOf, openOutlet } from './audit/outlet.ts';
import { daysAgo, prune } from './audit/retention.ts';
import { Shipping, shippedPlaces } from './audit/shipping.ts';
import { syslogLine } from './audit/syslog.ts';
import { Turns } from './audit/turns.ts';
import type { Config } from './config/schema.ts';
import type { House } from './house.ts';
import { invalid } from './kernel/errors.ts';
import type { Log } from './kernel/log.ts';

/** How often it is looked whether events are to be removed (milliseconds), and how long one process may take for it. */
const hourly = 60 * 60 * 1000;

/** What a server does for the audit trail besides recording: ships it, and removes what is over its time. */
export function auditRooms({ audit, issuer }: Config, { store, trail }: House, log: Log): AuditRooms {
  const turns = new Turns(store);
  const { retentionDays, syslog, syslogCertificateAuthority } = audit;
  const authority = pemOf(syslogCertificateAuthority);
  const host = new URL(issuer).hostname;
  const shipping =
    syslog === undefined
      ? undefined
      : new Shipping({
          ...{ store, trail, turns, log },
          open: () => openOutlet(destinationOf(syslog, authority)),
          write: (event) => syslogLine(event, host),
        });
  const retain = async (): Promise<void> => {
    if (retentionDays === undefined || !(await turns.take('retention', hourly / 2))) return;
    // What the receiver does not have yet stays until it has.
    await prune(trail, daysAgo(retentionDays), syslog === undefined ? undefined : await shippedPlaces(store));
  };
  const tend = (): Promise<void> =>
    retain().catch((err: unknown) => log.warn({ err }, 'old events could not be removed; trying again'));
  const timer = setInterval(() => void tend(), hourly).unref();
  const first = tend();
  return {
    async close() {
      clearInterval(timer);
      await Promise.all([first, shipping?.close()]);
    },
  };
}

/** What was begun, to be ended before the store is closed. */
export interface AuditRooms {
  close(): Promise<void>;
}

function pemOf(file: string | undefined): string | undefined {
  try {
    return file === undefined ? undefined : readFileSync(file, 'utf8');
  } catch {
    throw invalid(`The file ${file} cannot be read (SALLYPORT_AUDIT_SYSLOG_CERTIFICATE_AUTHORITY)`);
  }
}
