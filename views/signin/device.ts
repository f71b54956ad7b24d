import { type Html, html, trusted } from '../../src/kernel/html.ts';
import { alert, type Frame, invalid, layout, passing, strong, titled } from '../layout.ts';

/** Asks for the code that a device shows. `hidden`: the protocol's own fields. */
export const deviceCodePage = (
  frame: Frame,
  data: { action: string; hidden: string; error?: Html | undefined },
): Html => {
  const { say } = frame;
  const { action, hidden, error } = data;
  return layout(
    frame,
    titled(frame, say('device.title'), error),
    html`<h1>${say('device.heading')}</h1>
<p>${say('device.about')}</p>
<form method="post" action="${action}">
${trusted(hidden)}
<label for="user_code">${say('device.code')}</label>
${alert('wrong', error)}
<input id="user_code" name="user_code" type="text" autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="20" required autofocus${invalid('wrong', error)}>
<button class="primary">${say('device.continue')}</button>
</form>`,
  );
};

/** What asks to be connected, and from where. */
export interface WaitingDevice {
  action: string;
  hidden: string;
  client: string;
  code: string;
  ip: string | undefined;
}

/** Shows what the person would let in. Whoever was talked into opening this page must see that (RFC 8628 §5.4). */
export const deviceConfirmPage = (frame: Frame, { action, hidden, client, code, ip }: WaitingDevice): Html => {
  const { say } = frame;
  return layout(
    passing(frame),
    say('device.confirm.title', { client }),
    html`<h1>${say('device.confirm.heading')}</h1>
<p>${say('device.confirm.about', { client: strong(client) })}</p>
<p class="person"><code>${code}</code></p>
${ip !== undefined && html`<p>${say('device.confirm.from', { ip: strong(ip) })}</p>`}
<p class="notice">${say('device.confirm.warning')}</p>
<form method="post" action="${action}" class="pair">
${trusted(hidden)}
<button name="decision" value="allow">${say('device.confirm.allow')}</button>
<button name="decision" value="deny">${say('device.confirm.deny')}</button>
</form>`,
  );
};

/** The device goes on by itself. */
export const deviceDonePage = (frame: Frame, client: string): Html =>
  layout(
    frame,
    frame.say('device.done.title'),
    html`<h1>${frame.say('device.done')}</h1>
<p>${frame.say('device.done.about', { client: strong(client) })}</p>`,
  );

/** The person has refused. */
export const deviceDeniedPage = (frame: Frame): Html =>
  layout(
    frame,
    frame.say('device.denied.title'),
    html`<h1>${frame.say('device.denied')}</h1>
<p>${frame.say('device.denied.about')}</p>`,
  );
