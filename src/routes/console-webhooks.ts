import type { z } from 'zod';
import type { FormField } from '../../views/admin/form-page.ts';
import { onceContent } from '../../views/admin/once.ts';
import { type Deed, empty, section } from '../../views/admin/parts.ts';
import { heard, type ReceiverView, receiverContent, receiversContent } from '../../views/admin/webhooks.ts';
import { html } from '../kernel/html.ts';
import { eventsOf } from './console-events.ts';
import { type Asking, askingPage, fillingPage, type Thing } from './console-forms.ts';
import { type ConsolePage, type ConsoleVisit, consoleAt, consolePage, lines, matchOf } from './console-page.ts';
import { pageOf, partPage, settings } from './console-settings-parts.ts';
import { deliveryView, streamsOf } from './console-streams.ts';
import { deliveryReply, testReply, undeliveredReply, webhookReply, webhookWithSecret } from './webhook-document.ts';

const room = settings;
const path = `${settings}/webhooks`;
const at = `${path}/:id`;
const day = 24 * 60 * 60;

type Webhook = z.output<typeof webhookReply>;

async function receiver(visit: ConsoleVisit, one: Webhook): Promise<ReceiverView> {
  const { say } = visit.frame;
  const { id, url, events, types, audiences, enabled, failed } = one;
  const delivery = deliveryView(await visit.read('getWebhookDelivery', deliveryReply, { params: { id } }));
  const signals = html`${heard(types, say('console.webhooks.signals'))}${audiences.length > 0 && heard(audiences, html``)}`;
  return {
    ...{ id, name: url, href: consoleAt('settings', 'webhooks', id), off: !enabled },
    hears: events.length > 0 ? heard(events, html``) : signals,
    // Whoever was given up is told of with the reason for which.
    delivery: failed === undefined ? delivery : { ...delivery, failingSince: failed.at, reason: failed.reason },
  };
}

async function webhookOf(visit: ConsoleVisit): Promise<{ one: Webhook; etag: string }> {
  const { reply, etag } = await visit.run('getWebhook', webhookReply, { params: { id: visit.params.id ?? '' } });
  return { one: reply, etag };
}

const thingOf = async (visit: ConsoleVisit): Promise<Thing & { one: Webhook }> => {
  const { one, etag } = await webhookOf(visit);
  return { one, name: one.url, back: consoleAt('settings', 'webhooks', one.id), etag };
};

const listPage = partPage(
  'webhooks',
  async (visit) => {
    const { say } = visit.frame;
    const { items, ...ways } = await pageOf(visit, { operation: 'listWebhooks', item: webhookReply, path });
    const all = await Promise.all(items.map((one) => receiver(visit, one)));
    const timeZone = visit.user.profile.zoneinfo;
    const caption = say('console.settings.webhooks');
    return html`${receiversContent(visit.frame, { caption, all, none: empty(say('console.webhooks.none')), ...ways, timeZone })}
${section(say('console.streams'), await streamsOf(visit))}`;
  },
  { add: 'addWebhook' },
);

const verbs = ['enable', 'disable', 'test', 'redeliver', 'rotate', 'remove'] as const;
type Verb = (typeof verbs)[number];

interface WebhookDeed extends Pick<Asking, 'danger' | 'fresh' | 'pick' | 'run' | 'list'> {
  operation: string;
  fits?(one: Webhook): boolean;
}

const turned =
  (enabled: boolean): NonNullable<Asking['run']> =>
  async (visit, form) => {
    await visit.do('changeWebhook', { params: visit.params, body: { enabled }, match: matchOf(form) });
    return undefined;
  };

const deeds: Record<Verb, WebhookDeed> = {
  enable: { operation: 'changeWebhook', fits: ({ enabled }) => !enabled, run: turned(true) },
  disable: { operation: 'changeWebhook', fits: ({ enabled }) => enabled, run: turned(false), danger: true },
  test: {
    operation: 'testWebhook',
    async run(visit, _form, { name, back }) {
      const { delivered, reason = '' } = await visit.read('testWebhook', testReply, { params: visit.params });
      if (delivered) return undefined;
      return { goOn: back, said: { key: 'console.webhooks.test.failed', values: { name, reason } } };
    },
  },
  redeliver: {
    operation: 'redeliver',
    async pick({ frame: { say }, typed }) {
      const options = [1, 3, 7, 30].map((days) => [String(days), say('console.audit.days', { count: days })] as const);
      return { name: 'days', label: say('console.audit.since'), value: typed.get('days') ?? '1', options };
    },
    async run(visit, form) {
      const since = Math.floor(Date.now() / 1000) - Number(form.get('days') ?? 1) * day;
      await visit.do('redeliver', { params: visit.params, body: { since } });
      return undefined;
    },
  },
  rotate: {
    ...{ operation: 'rotateWebhookSecret', fresh: true },
    async pick({ frame: { say }, typed }) {
      const options = [0, 1, 7].map(
        (days) => [String(days * day), say('console.applications.overlap.days', { count: days })] as const,
      );
      const label = say('console.applications.overlap');
      return { name: 'overlap', label, value: typed.get('overlap') ?? String(day), options };
    },
    async run(visit, form, { name, back }) {
      const body = { overlap: Number(form.get('overlap') ?? day) };
      const given = { params: visit.params, body, match: matchOf(form) };
      const { secret } = await visit.read('rotateWebhookSecret', webhookWithSecret, given);
      return shownSecret(visit, { name, secret, back });
    },
  },
  remove: { operation: 'removeWebhook', fresh: true, danger: true, list: path },
};

function shownSecret({ frame }: ConsoleVisit, { name, secret, back }: { name: string; secret: string; back: string }) {
  const title = frame.say('console.webhooks.secret.title', { name });
  const label = frame.say('console.webhooks.secret');
  return {
    title,
    content: onceContent(frame, { title, about: frame.say('console.once'), label, value: secret, back }),
  };
}

const deedPages = verbs.map((verb) => {
  const { operation, fits: _fits, ...asking } = deeds[verb];
  return askingPage({
    path: `${at}/${verb}`,
    ...{ room, calls: operation, text: `webhooks.${verb}` as const, of: thingOf },
    ...asking,
  });
});

function deedsOf(visit: ConsoleVisit, one: Webhook, href: string): Deed[] {
  const { say } = visit.frame;
  const edit = visit.may('changeWebhook') ? [{ href: `${href}/edit`, text: say('console.edit') }] : [];
  const rest = verbs
    .filter((verb) => (deeds[verb].fits?.(one) ?? true) && visit.may(deeds[verb].operation))
    .map((verb) => ({
      ...{ href: `${href}/${verb}`, text: say(`console.webhooks.${verb}.deed`) },
      ...(deeds[verb].danger && { kind: 'danger' as const }),
    }));
  return [...edit, ...rest];
}

const onePage = consolePage({
  path: at,
  ...{ room, calls: 'getWebhook' },
  async get(visit) {
    const { frame, user } = visit;
    const { one } = await webhookOf(visit);
    const view = await receiver(visit, one);
    const { items } = await visit.read('listUndelivered', undeliveredReply, { params: { id: one.id } });
    const events = visit.may('listAuditEvents') && (await eventsOf(visit, { target: `webhook:${one.id}` }, view.href));
    const content = receiverContent(frame, view, {
      up: frame.say('console.settings.webhooks'),
      deeds: deedsOf(visit, one, view.href),
      about: [],
      ...{ undelivered: items, events, timeZone: user.profile.zoneinfo },
    });
    return { title: html`${one.url}`, content };
  },
});

type Name = 'url' | 'events' | 'types' | 'audiences';
const names = ['url', 'events', 'types', 'audiences'] as const;

async function fields({ frame: { say } }: ConsoleVisit): Promise<(FormField & { name: Name })[]> {
  const list = (name: 'events' | 'types' | 'audiences') => ({
    ...{
      name,
      label: say(`console.webhooks.${name}`),
      hint: say(`console.webhooks.${name}.hint`),
      lines: true as const,
    },
  });
  return [
    {
      ...{ name: 'url', label: say('console.webhooks.url'), hint: say('console.webhooks.url.hint') },
      ...{ required: true, maxlength: 2000 },
    },
    ...[list('events'), list('types'), list('audiences')],
  ];
}

const bodyOf = (form: ReadonlyMap<string, string>) => ({
  url: form.get('url')?.trim() ?? '',
  ...{ events: lines(form, 'events'), types: lines(form, 'types'), audiences: lines(form, 'audiences') },
});

const addPage = fillingPage<Name>({
  path: `${path}/new`,
  ...{ room, calls: 'addWebhook', fresh: true, names, fields },
  title: ({ frame }) => frame.say('console.webhooks.add'),
  deed: 'console.webhooks.add',
  now: async () => ({ name: '', back: path, values: { url: '', events: '', types: '', audiences: '' } }),
  async send(visit, form) {
    const { id, url, secret } = await visit.read('addWebhook', webhookWithSecret, { body: bodyOf(form) });
    return shownSecret(visit, { name: url, secret, back: consoleAt('settings', 'webhooks', id) });
  },
});

const editPage = fillingPage<Name>({
  path: `${at}/edit`,
  // It decides where what happens here is told.
  ...{ room, calls: 'changeWebhook', fresh: true, names, fields },
  title: ({ frame }, name) => frame.say('console.applications.edit.title', { name }),
  deed: 'console.save',
  async now(visit) {
    const { one, ...thing } = await thingOf(visit);
    const { url, events, types, audiences } = one;
    const values = { url, events: events.join('\n'), types: types.join('\n'), audiences: audiences.join('\n') };
    return { ...thing, values };
  },
  async send(visit, form) {
    const { id = '' } = visit.params;
    const given = { params: { id }, body: bodyOf(form), match: matchOf(form) };
    const { url: name } = await visit.read('changeWebhook', webhookReply, given);
    return { goOn: consoleAt('settings', 'webhooks', id), said: { key: 'console.saved', values: { name } } };
  },
});

/** The webhooks, and below them the streams of security events. */
export const webhookPages: readonly ConsolePage[] = [listPage, addPage, onePage, editPage, ...deedPages];
