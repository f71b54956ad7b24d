import { deviceName, devicesContent } from '../../views/account/devices.ts';
import { question } from '../../views/account/frame.ts';
import type { Device, Devices } from '../factors/devices.ts';
import { missing } from '../kernel/errors.ts';
import { parameter } from './account-list.ts';
import { type AccountPage, accountPage, type Shown, type Visit } from './account-page.ts';

interface Parts {
  devices: Devices;
}

const list = '/account/devices';
const forgetting = '/account/devices/forget';

/** Remembered devices. Forgetting one only makes the account safer, so the session alone is enough. */
export const devicePages = ({ devices }: Parts): AccountPage[] => [
  accountPage({
    path: list,
    room: list,
    needs: 'session',
    async get({ frame, user }) {
      const all = await devices.list(user.id);
      const content = devicesContent(frame, { all, timeZone: user.profile.zoneinfo });
      return { title: frame.say('account.nav.devices'), content };
    },
  }),
  accountPage({
    path: forgetting,
    room: list,
    needs: 'session',
    async get(visit) {
      const id = parameter(visit.ctx, 'device');
      return ask(visit, id === undefined ? undefined : await own(devices, visit, id));
    },
    async post(visit, form) {
      const { user } = visit;
      const [id, actor] = [form.get('device'), `user:${user.id}`];
      if (id === undefined || id === '') await devices.forgetAll(user.id, actor);
      else await devices.forget(id, user.id, actor);
      return { goOn: list, said: { key: id ? 'account.devices.forgotten' : 'account.devices.all-forgotten' } };
    },
  }),
];

async function own(devices: Devices, { user }: Visit, id: string): Promise<Device> {
  const found = (await devices.list(user.id)).find((one) => one.id === id);
  if (!found) throw missing('This device');
  return found;
}

function ask({ frame }: Visit, one: Device | undefined): Shown {
  const title = one
    ? frame.say('account.devices.forget.title', { name: deviceName(frame, one) })
    : frame.say('account.devices.forget-all.title');
  const content = question(frame, {
    ...{ title, action: forgetting, back: list, fields: one ? { device: one.id } : {} },
    sentence: frame.say('account.devices.forget.sentence'),
    deed: frame.say(one ? 'account.devices.forget' : 'account.devices.forget-all'),
  });
  return { title, content };
}
