import { type Adapter, type AdapterPayload, errors, Provider } from 'oidc-provider';
import { keptOrganization } from './organization.ts';
import type { DeviceRecord, Payload, Records } from './records.ts';

/** Where people type the code that a device shows them (RFC 8628 §3.3): short, since it is typed too. */
export const devicePage = '/device';

/** How long a device waits for its person (seconds); after that its codes are dead. */
export const deviceCodeLife = 10 * 60;

/** A device may ask once in so long (milliseconds): five seconds (RFC 8628 §3.5), less what a network makes of them. */
const pace = 4000;

interface Parts {
  records: Records;
  replayed(what: 'device-code', payload: Payload): Promise<void>;
}

type Verbs = Partial<Adapter> & Pick<Adapter, 'upsert' | 'find'>;

const seconds = (): number => Math.floor(Date.now() / 1000);

/** Device codes (RFC 8628): what the device holds and what the person types are both unreadable in the store. */
export function deviceCodes({ records, replayed }: Parts): Verbs {
  const all = records.devices;
  const idOf = (value: string) => records.idOf('DeviceCode', value);
  const opened = (record: DeviceRecord | undefined): AdapterPayload | undefined =>
    record && { ...records.open(record), ...(record.consumed ? { consumed: record.consumed } : {}) };
  return {
    async upsert(value, payload, expiresIn) {
      const id = idOf(value);
      const record: DeviceRecord = {
        id,
        sealed: records.seal(id, { ...payload, ...keptOrganization() }),
        userCode: records.idOf('user code', payload.userCode ?? ''),
        ...(payload.grantId === undefined ? {} : { grant: payload.grantId }),
      };
      const known = await all.change(id, (now) => {
        // Of two answers the first stands, even when both have looked before.
        if (isAnswered(records.open(now))) throw new errors.InvalidRequest('this device was answered already');
        return { ...record, ...polledOf(now) };
      });
      if (!known) await all.insert(record, expiresIn);
    },
    async find(value) {
      if (Provider.ctx?.oidc?.route !== 'token') return opened(await all.get(idOf(value)));
      await slowDown(all, idOf(value));
      const found = opened(await all.get(idOf(value)));
      // That it was used is `consume` to find: there it is told.
      return found && { ...found, consumed: undefined };
    },
    async findByUserCode(userCode) {
      const [record] = await all.find({ userCode: records.idOf('user code', userCode) }, { limit: 1 });
      return opened(record);
    },
    async consume(value) {
      let again = false;
      const record = await all.change(idOf(value), (now) => {
        again = now.consumed !== undefined;
        return again ? now : { ...now, consumed: seconds() };
      });
      if (!record) throw new errors.InvalidGrant('device code not found');
      if (!again) return;
      await replayed('device-code', records.open(record));
      throw new errors.InvalidGrant('device code already consumed');
    },
    async destroy(value) {
      await all.take(idOf(value));
    },
    async revokeByGrantId(grant) {
      await all.drop({ grant });
    },
  };
}

const isAnswered = ({ accountId, error }: Payload): boolean => accountId !== undefined || error !== undefined;
const polledOf = ({ polled }: DeviceRecord) => (polled === undefined ? {} : { polled });

/** Counts the question of a device that still has to wait; throws slow_down for one that asks too often (RFC 8628 §3.5). */
async function slowDown(all: Records['devices'], id: string): Promise<void> {
  const now = Date.now();
  let tooSoon = false;
  await all.change(id, (record) => {
    tooSoon = record.consumed === undefined && record.polled !== undefined && now - record.polled < pace;
    return tooSoon ? record : { ...record, polled: now };
  });
  if (tooSoon) throw new errors.SlowDown();
}
