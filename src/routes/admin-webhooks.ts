import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Access } from '../directory/access.ts';
import { given } from '../http/given.ts';
import { list, listOf, page } from '../http/paging.ts';
import { type Operation, operation } from '../http/resource.ts';
import { missing } from '../kernel/errors.ts';
import type { Webhook, Webhooks } from '../signals/webhooks.ts';
import {
  deliveryDocument,
  deliveryReply,
  newWebhookBody,
  redeliverBody,
  refuseUnknownApis,
  testBody,
  testDocument,
  testReply,
  undeliveredReply,
  webhookChange,
  webhookDocument,
  webhookReply,
  webhookWithSecret,
} from './webhook-document.ts';

interface Parts {
  webhooks: Webhooks;
  access: Access;
}

const params = z.object({ id: z.string() });

/** The admin API's operations on webhooks; `sallyport webhook` makes the same calls. */
export const adminWebhooks = (parts: Parts): Operation[] => [
  ...reading(parts),
  ...waiting(parts),
  ...making(parts),
  ...using(parts),
];

/** The webhook of this id. Throws `missing`. */
export async function knownWebhook(webhooks: Webhooks, id: string): Promise<Webhook> {
  const webhook = await webhooks.get(id);
  if (!webhook) throw missing(`The webhook ${id}`);
  return webhook;
}

/** Sends a test, once and at once, also to one that is disabled. Throws `missing`. */
export async function testWebhook(webhooks: Webhooks, id: string): Promise<z.input<typeof testReply>> {
  const webhook = await knownWebhook(webhooks, id);
  return testDocument(await webhooks.send(webhook, { id: `test-${randomUUID()}`, body: testBody(id) }));
}

const reading = ({ webhooks }: Parts): Operation[] => [
  operation({
    name: 'listWebhooks',
    method: 'get',
    path: '/webhooks',
    about: 'List webhooks in the order of their ids',
    permission: 'webhooks:read',
    query: page,
    reply: listOf(webhookReply),
    async run({ query }) {
      const { items, next } = await list(query, (where) => webhooks.list(where));
      return { items: items.map(webhookDocument), next };
    },
  }),
  operation({
    name: 'getWebhook',
    method: 'get',
    path: '/webhooks/:id',
    about: 'Show a webhook',
    permission: 'webhooks:read',
    params,
    reply: webhookReply,
    versioned: webhookReply,
    run: async ({ params: { id } }) => webhookDocument(await knownWebhook(webhooks, id)),
  }),
  operation({
    name: 'getWebhookDelivery',
    method: 'get',
    path: '/webhooks/:id/delivery',
    about: 'Show how the deliveries of a webhook go',
    permission: 'webhooks:read',
    params,
    reply: deliveryReply,
    run: async ({ params: { id } }) => deliveryDocument(await webhooks.delivery(id)),
  }),
];

const waiting = ({ webhooks }: Parts): Operation[] => [
  operation({
    name: 'listUndelivered',
    method: 'get',
    path: '/webhooks/:id/undelivered',
    about: 'List the first of what a webhook has not taken yet; enabled again, it gets all of it',
    permission: 'webhooks:read',
    params,
    reply: undeliveredReply,
    async run({ params: { id } }) {
      const events = await webhooks.undelivered(id, 100);
      return {
        items: events.map(({ id: event, at, type }) => ({ id: event, time: new Date(at).toISOString(), type })),
      };
    },
  }),
  operation({
    name: 'redeliver',
    method: 'post',
    path: '/webhooks/:id/redeliver',
    about: 'Send everything again that has happened since then',
    permission: 'webhooks:write',
    params,
    body: redeliverBody,
    run: ({ params: { id }, body: { since }, actor }) => webhooks.redeliver(id, since, actor),
  }),
];

const making = ({ webhooks, access }: Parts): Operation[] => [
  operation({
    name: 'addWebhook',
    method: 'post',
    path: '/webhooks',
    about: 'Send what happens from now on to an address; the secret is shown this once',
    permission: 'webhooks:write',
    body: newWebhookBody,
    reply: webhookWithSecret,
    status: 201,
    async run({ body: { url, ...rest }, actor }) {
      await refuseUnknownApis(rest.audiences, access);
      const { webhook, secret } = await webhooks.add({ url, ...given(rest) }, actor);
      return { ...webhookDocument(webhook), secret };
    },
  }),
  operation({
    name: 'changeWebhook',
    method: 'patch',
    path: '/webhooks/:id',
    about: 'Change a webhook (RFC 7396: what is not named stays); what failed is tried again at once',
    permission: 'webhooks:write',
    params,
    body: webhookChange,
    reply: webhookReply,
    versioned: webhookReply,
    async run({ params: { id }, body, actor, expect }) {
      await refuseUnknownApis(body.audiences, access);
      const look = (now: Webhook): void => expect(webhookDocument(now));
      return webhookDocument(await webhooks.change(id, given(body), actor, look));
    },
  }),
  operation({
    name: 'removeWebhook',
    method: 'delete',
    path: '/webhooks/:id',
    about: 'Remove a webhook; nothing more is sent',
    permission: 'webhooks:write',
    params,
    versioned: webhookReply,
    async run({ params: { id }, actor, expect }) {
      expect(webhookDocument(await knownWebhook(webhooks, id)));
      await webhooks.remove(id, actor);
    },
  }),
];

const using = ({ webhooks }: Parts): Operation[] => [
  operation({
    name: 'testWebhook',
    method: 'post',
    path: '/webhooks/:id/test',
    about: 'Send a signed message of the type webhook.test once, and say what came of it',
    permission: 'webhooks:write',
    params,
    reply: testReply,
    run: ({ params: { id } }) => testWebhook(webhooks, id),
  }),
  operation({
    name: 'rotateWebhookSecret',
    method: 'post',
    path: '/webhooks/:id/secret',
    about: 'Give a new secret, shown this once; both sign until the overlap is over',
    permission: 'webhooks:write',
    params,
    body: z
      .strictObject({ overlap: z.int().meta({ description: 'Seconds, usually a day; 0 ends the older one at once' }) })
      .partial(),
    reply: webhookWithSecret,
    versioned: webhookReply,
    status: 201,
    async run({ params: { id }, body, actor, expect }) {
      expect(webhookDocument(await knownWebhook(webhooks, id)));
      const { webhook, secret } = await webhooks.rotateSecret(id, actor, body.overlap);
      return { ...webhookDocument(webhook), secret };
    },
  }),
];
