import { type Html, html } from '../../src/kernel/html.ts';
import type { Frame } from '../layout.ts';
import { moment } from './frame.ts';
import { rows } from './rows.ts';

/** A device on which no second factor is asked for. Times in seconds. */
export interface DeviceView {
  id: string;
  name: string;
  created: number;
  used: number;
  expires: number;
}

/** What a device is called. */
export const deviceName = ({ say }: Frame, { name }: Pick<DeviceView, 'name'>): Html =>
  name === '' ? say('account.devices.unknown') : html`${name}`;

/** The remembered devices of a person. */
export const devicesContent = (
  frame: Frame,
  { all, timeZone }: { all: readonly DeviceView[]; timeZone: string | undefined },
): Html => {
  const { say } = frame;
  const at = (seconds: number) => moment(frame, seconds * 1000, timeZone);
  return html`<h1>${say('account.nav.devices')}</h1>
<p>${say('account.devices.about')}</p>
${rows(
  all.map((one) => ({
    name: deviceName(frame, one),
    facts: [
      say('account.devices.times', { created: at(one.created), used: at(one.used) }),
      say('account.devices.expires', { expires: at(one.expires) }),
    ],
    deeds: [
      { href: `/account/devices/forget?device=${encodeURIComponent(one.id)}`, text: say('account.devices.forget') },
    ],
  })),
  say('account.devices.none'),
)}
${all.length > 1 && html`<p class="deeds"><a class="button" href="/account/devices/forget">${say('account.devices.forget-all')}</a></p>`}`;
};
