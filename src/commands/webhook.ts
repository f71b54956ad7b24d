import { given } from '../http/given.ts';
import { invalid } from '../kernel/errors.ts';
import { knownWebhook, testWebhook } from '../routes/admin-webhooks.ts';
import { deliveryDocument, refuseUnknownApis, webhookDocument } from '../routes/webhook-document.ts';
import { signalTypes } from '../signals/signal.ts';
import { command, misused } from './command.ts';
import { columns, everything, facts, moment } from './listing.ts';
import { actor, inHouse } from './office.ts';
import { whole } from './reading.ts';

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

const add = command({
  words: ['webhook', 'add'],
  operands: ['url'],
  options: { type, audience, event },
  about: 'Send what is revoked or changed from now on to an address; the secret is printed once',
  run: ({ operands: { url }, options, answer }) =>
    inHouse(async ({ webhooks, access }) => {
      await refuseUnknownApis(options.audience, access);
      const terms = { url, types: options.type, audiences: options.audience, events: options.event };
      const { webhook, secret } = await webhooks.add(terms, actor);
      const said = `Added the webhook ${webhook.id}\nSecret (shown this once): ${secret}`;
      answer({ ...webhookDocument(webhook), secret }, said);
    }),
});

const list = command({
  words: ['webhook', 'list'],
  about: 'List the webhooks',
  run: ({ answer }) =>
    inHouse(async ({ webhooks }) => {
      const all = (await everything((page) => webhooks.list(page))).map(webhookDocument);
      const rows = all.map(({ id, url, types, audiences, enabled, failed }) => {
        return [id, failed ? 'failed' : enabled ? 'enabled' : 'disabled', url, types, audiences];
      });
      answer(all, columns(['webhook', 'state', 'url', 'types', 'audiences'], rows));
    }),
});

const show = command({
  words: ['webhook', 'show'],
  operands: ['id'],
  about: 'Show a webhook and how its deliveries go',
  run: ({ operands: { id }, answer }) =>
    inHouse(async ({ webhooks }) => {
      const webhook = webhookDocument(await knownWebhook(webhooks, id));
      const delivery = deliveryDocument(await webhooks.delivery(id));
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
    }),
});

const set = command({
  words: ['webhook', 'set'],
  operands: ['id'],
  options: {
    url: { value: 'URL', about: 'Another address' },
    type: { ...type, about: 'The only types of signals that are sent, instead of those before' },
    'all-types': { about: 'Send every type' },
    audience: { ...audience, about: 'Send only what concerns these APIs, instead of those before' },
    'all-audiences': { about: 'Send what concerns any API' },
    enable: { about: 'Send again, first what it missed' },
    disable: { about: 'Send nothing until it is enabled' },
  },
  about: 'Change a webhook; what failed is tried again at once',
  run: ({ operands: { id }, options, answer }) =>
    inHouse(async ({ webhooks, access }) => {
      if (options.enable && options.disable) throw misused('--enable and --disable exclude each other');
      await refuseUnknownApis(options.audience, access);
      const terms = given({
        url: options.url,
        types: options.type.length > 0 || options['all-types'] ? options.type : undefined,
        audiences: options.audience.length > 0 || options['all-audiences'] ? options.audience : undefined,
        enabled: options.enable || options.disable ? options.enable : undefined,
      });
      if (Object.keys(terms).length === 0) throw invalid('Say what to change; see: sallyport webhook set --help');
      answer(webhookDocument(await webhooks.change(id, terms, actor)), `Changed the webhook ${id}`);
    }),
});

const remove = command({
  words: ['webhook', 'remove'],
  operands: ['id'],
  about: 'Remove a webhook; nothing more is sent',
  run: ({ operands: { id }, answer }) =>
    inHouse(async ({ webhooks }) => {
      await webhooks.remove(id, actor);
      answer({ id }, `Removed the webhook ${id}`);
    }),
});

const rotate = command({
  words: ['webhook', 'rotate-secret'],
  operands: ['id'],
  options: { overlap: { value: 'SECONDS', about: 'How long the older secret signs too; usually a day, 0 not at all' } },
  about: 'Give a webhook a new secret, printed once',
  run: ({ operands: { id }, options, answer }) =>
    inHouse(async ({ webhooks }) => {
      const { webhook, secret } = await webhooks.rotateSecret(id, actor, whole('overlap', options.overlap));
      const said = `Rotated the secret of the webhook ${id}\nSecret (shown this once): ${secret}`;
      answer({ ...webhookDocument(webhook), secret }, said);
    }),
});

const test = command({
  words: ['webhook', 'test'],
  operands: ['id'],
  about: 'Send a signed message of the type webhook.test once',
  run: ({ operands: { id }, answer }) =>
    inHouse(async ({ webhooks }) => {
      const result = await testWebhook(webhooks, id);
      if (!result.delivered) throw invalid(`The webhook did not take the test: ${result.reason}`);
      answer(result, `The webhook ${id} took the test`);
    }),
});

/** `sallyport webhook …` */
export const webhookCommands = [add, list, show, set, remove, rotate, test];
