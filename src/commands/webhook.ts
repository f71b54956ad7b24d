import { given } from '../http/given.ts';
import { invalid } from '../kernel/errors.ts';
import {
  deliveryReply,
  testReply,
  undeliveredReply,
  webhookReply,
  webhookWithSecret,
} from '../routes/webhook-document.ts';
import { signalTypes } from '../signals/signal.ts';
import { misused } from './command.ts';
import { deskCommand } from './desk.ts';
import { columns, facts, moment } from './listing.ts';
import { named, time, whole } from './reading.ts';

const type = {
  value: 'T',
  repeat: true,
  choices: signalTypes,
  about: 'The only types of signals that are sent',
} as const;
const audience = {
  value: 'A',
  repeat: true,
  about: 'Send only what a gateway hears that may introspect this API',
} as const;

const event = {
  value: 'E',
  repeat: true,
  about: 'Send audit events of this type (client.approved, client.*, *) instead of signals',
} as const;

const add = deskCommand({
  words: ['webhook', 'add'],
  operands: ['url'],
  options: { type, audience, event },
  about: 'Send what is revoked or changed from now on to an address; the secret is printed once',
  async run({ operands: { url }, options, answer }, desk) {
    const body = {
      url,
      ...given({ types: named(options.type), audiences: named(options.audience), events: named(options.event) }),
    };
    const webhook = await desk.call('addWebhook', webhookWithSecret, { body });
    answer(webhook, `Added the webhook ${webhook.id}\nSecret (shown this once): ${webhook.secret}`);
  },
});

const list = deskCommand({
  words: ['webhook', 'list'],
  about: 'List the webhooks',
  async run({ answer }, desk) {
    const all = await desk.all('listWebhooks', webhookReply);
    const rows = all.map(({ id, url, types, audiences, enabled, failed }) => {
      return [id, failed ? 'failed' : enabled ? 'enabled' : 'disabled', url, types, audiences];
    });
    answer(all, columns(['webhook', 'state', 'url', 'types', 'audiences'], rows));
  },
});

const show = deskCommand({
  words: ['webhook', 'show'],
  operands: ['id'],
  about: 'Show a webhook and how its deliveries go',
  async run({ operands: { id }, answer }, desk) {
    const webhook = await desk.call('getWebhook', webhookReply, { params: { id } });
    const delivery = await desk.call('getWebhookDelivery', deliveryReply, { params: { id } });
    const { failed, overlap_until, created, ...rest } = webhook;
    const text = facts({
      ...{ ...rest, created: moment(created), 'older secret until': moment(overlap_until) },
      failed: failed && `${moment(failed.at)}: ${failed.reason}`,
      delivered: moment(delivery.delivered),
      'failing since': moment(delivery.failing_since),
      'next try': moment(delivery.next),
      reason: delivery.reason,
    });
    answer({ ...webhook, delivery }, text);
  },
});

const set = deskCommand({
  words: ['webhook', 'set'],
  operands: ['id'],
  options: {
    url: { value: 'URL', about: 'Another address' },
    type: { ...type, about: 'The only types of signals that are sent, instead of those before' },
    'all-types': { about: 'Send every type' },
    audience: { ...audience, about: 'Send only what concerns these APIs, instead of those before' },
    'all-audiences': { about: 'Send what concerns any API' },
    event: { ...event, about: 'Send audit events of this type instead of signals, and of those before' },
    signals: { about: 'Send signals again, and no audit events' },
    enable: { about: 'Send again, first what it missed' },
    disable: { about: 'Send nothing until it is enabled' },
  },
  about: 'Change a webhook; what failed is tried again at once',
  async run({ operands: { id }, options, answer }, desk) {
    if (options.enable && options.disable) throw misused('--enable and --disable exclude each other');
    if (options.signals && options.event.length > 0) throw misused('--signals and --event exclude each other');
    const body = given({
      url: options.url,
      types: options['all-types'] ? options.type : named(options.type),
      audiences: options['all-audiences'] ? options.audience : named(options.audience),
      events: options.signals ? [] : named(options.event),
      enabled: options.enable || options.disable ? options.enable : undefined,
    });
    if (Object.keys(body).length === 0) throw invalid('Say what to change; see: sallyport webhook set --help');
    answer(await desk.call('changeWebhook', webhookReply, { params: { id }, body }), `Changed the webhook ${id}`);
  },
});

const remove = deskCommand({
  words: ['webhook', 'remove'],
  operands: ['id'],
  about: 'Remove a webhook; nothing more is sent',
  async run({ operands: { id }, answer }, desk) {
    await desk.tell('removeWebhook', { params: { id } });
    answer({ id }, `Removed the webhook ${id}`);
  },
});

const rotate = deskCommand({
  words: ['webhook', 'rotate-secret'],
  operands: ['id'],
  options: { overlap: { value: 'SECONDS', about: 'How long the older secret signs too; usually a day, 0 not at all' } },
  about: 'Give a webhook a new secret, printed once',
  async run({ operands: { id }, options, answer }, desk) {
    const body = given({ overlap: whole('overlap', options.overlap) });
    const webhook = await desk.call('rotateWebhookSecret', webhookWithSecret, { params: { id }, body });
    answer(webhook, `Rotated the secret of the webhook ${id}\nSecret (shown this once): ${webhook.secret}`);
  },
});

const test = deskCommand({
  words: ['webhook', 'test'],
  operands: ['id'],
  about: 'Send a signed message of the type webhook.test once',
  async run({ operands: { id }, answer }, desk) {
    const result = await desk.call('testWebhook', testReply, { params: { id } });
    if (!result.delivered) throw invalid(`The webhook did not take the test: ${result.reason}`);
    answer(result, `The webhook ${id} took the test`);
  },
});

const undelivered = deskCommand({
  words: ['webhook', 'undelivered'],
  operands: ['id'],
  about: 'List what a webhook has not taken yet, the first hundred; enabled again, it gets all of it',
  async run({ operands: { id }, answer }, desk) {
    const { items } = await desk.call('listUndelivered', undeliveredReply, { params: { id } });
    const rows = items.map((one) => [one.time, one.type, one.id]);
    answer(items, items.length === 0 ? 'Nothing waits' : columns(['time', 'type', 'event'], rows));
  },
});

const redeliver = deskCommand({
  words: ['webhook', 'redeliver'],
  operands: ['id'],
  options: { since: { value: 'TIME', about: 'From when on, such as 2026-01-31' } },
  about: 'Send everything again that has happened since a time',
  async run({ operands: { id }, options, answer }, desk) {
    if (options.since === undefined) throw misused('say from when on: --since 2026-01-31');
    const since = Math.floor(time('since', options.since));
    await desk.tell('redeliver', { params: { id }, body: { since } });
    answer({ id, since }, `The webhook ${id} gets again what has happened since ${moment(since)}`);
  },
});

/** `sallyport webhook …` */
export const webhookCommands = [add, list, show, set, remove, rotate, test, undelivered, redeliver];
