import type { z } from 'zod';
import {
  type BoundView,
  gatewayContent,
  gatewaysContent,
  type KindView,
  type WrittenView,
} from '../../views/admin/gateways.ts';
import { streamBound } from '../gateways/products.ts';
import { Problem } from '../kernel/errors.ts';
import {
  type Kind,
  kindOf,
  kindsOf,
  obstacleView,
  offerOf,
  queryOf,
  type Wanted,
  wantedIn,
} from './console-gateway-choice.ts';
import { firstTrial } from './console-gateway-try.ts';
import { type ConsolePage, type ConsoleVisit, consoleAt, consolePage } from './console-page.ts';
import { configurationReply } from './gateway-document.ts';

const room = '/admin/gateways';

const kindView = ({ kind, name, asks, run, bound: { unkept, measured } }: Kind): KindView => ({
  ...{ kind, name, asks, run, bound: unkept, href: consoleAt('gateways', kind) },
  measured: measured && { none: measured.unkept, five: measured.five },
});

const listPage = consolePage({
  path: room,
  room,
  calls: 'listGatewayKinds',
  async get(visit) {
    const all = (await kindsOf(visit)).map(kindView);
    const content = gatewaysContent(visit.frame, { all, tries: `${room}/try` });
    return { title: visit.frame.say('console.nav.gateways'), content };
  },
});

/** What the operation is asked for; a port that is no number is left for it to refuse. */
const bodyOf = ({ client, apis, upstream, reach, ca, port }: Wanted) => ({
  ...{ client, upstream, reach, ca },
  apis: apis.length > 0 ? apis : undefined,
  port: port === undefined ? undefined : Number(port),
});

const configuration = (visit: ConsoleVisit, { kind }: Kind, wanted: Wanted) =>
  visit.read('configureGateway', configurationReply, { params: { kind }, body: bodyOf(wanted) });

/** The configuration, or why there is none, in the words of the admin API. */
async function written(
  visit: ConsoleVisit,
  kind: Kind,
  wanted: Wanted,
): Promise<{ done?: z.output<typeof configurationReply>; refusal?: string }> {
  try {
    return { done: await configuration(visit, kind, wanted) };
  } catch (error) {
    if (!(error instanceof Problem) || error.status >= 500) throw error;
    return { refusal: error.message };
  }
}

function writtenView(
  visit: ConsoleVisit,
  id: string,
  {
    kind,
    wanted,
    done,
  }: {
    kind: Kind;
    wanted: Wanted;
    done: z.output<typeof configurationReply>;
  },
): WrittenView {
  const { files, apis, unrouted, stand_ins: standIns, bound } = done;
  return {
    files: files.map(({ name, text }) => ({
      ...{ name, text },
      href: `${consoleAt('gateways', kind.kind, 'file')}?${queryOf(wanted, { file: name })}`,
    })),
    ...{ apis, unrouted, standIns, bound },
    rotate: visit.may('rotateClientSecret') ? `${consoleAt('applications', id)}/rotate` : undefined,
  };
}

/** What stands in the way of the whole, and of the client that was chosen. */
const onePage = consolePage({
  path: `${room}/:kind`,
  room,
  calls: 'configureGateway',
  async get(visit) {
    const { ctx, frame } = visit;
    const kind = await kindOf(visit);
    const wanted = wantedIn(ctx);
    const offer = await offerOf(visit, kind, wanted);
    const views = offer.candidates.map(({ id, name, obstacles }) => ({
      ...{ id, name, href: consoleAt('applications', id) },
      lacks: obstacles.map((one) => obstacleView(visit, id, one)),
    }));
    const chosen = views.find(({ id }) => id === wanted.client);
    const apiLacks = offer.apiObstacles.map((one) => obstacleView(visit, '', one));
    const ready = chosen !== undefined && chosen.lacks.length === 0 && apiLacks.length === 0;
    const { done, refusal } = ready ? await written(visit, kind, wanted) : {};
    const content = gatewayContent(frame, kindView(kind), {
      ...{ wanted, chosen, apiLacks, refusal, apis: offer.apis.map(({ id }) => id) },
      ...{ fit: views.filter(({ lacks }) => lacks.length === 0), unfit: views.filter(({ lacks }) => lacks.length > 0) },
      more: offer.more,
      written: done && chosen && writtenView(visit, chosen.id, { kind, wanted, done }),
      add: visit.may('addClient') ? '/admin/applications/new' : undefined,
      issuer: frame.issuer,
      stream: streamOf(done?.bound ?? kind.bound.unkept),
      trial: firstTrial(kind.kind, { client: wanted.client, apis: offer.apis, guarded: done?.apis }),
    });
    return {
      title: frame.say('console.gateways.title', { name: kind.name }),
      content,
      ...(refusal && { status: 400 }),
    };
  },
});

/** What is asked at each request needs to hear of nothing. */
const streamOf = ({ until }: BoundView) => (until === 'request' ? undefined : streamBound);

/** One file of a configuration, to keep. */
const filePage = consolePage({
  path: `${room}/:kind/file`,
  room,
  calls: 'configureGateway',
  async get(visit) {
    const kind = await kindOf(visit);
    const wanted = wantedIn(visit.ctx);
    const { files } = await configuration(visit, kind, wanted);
    const found = files.find(({ name }) => name === visit.ctx.query.file);
    if (!found) return { goOn: `${consoleAt('gateways', kind.kind)}?${queryOf(wanted)}` };
    return { file: found.name, text: found.text };
  },
});

/** The kinds of gateways, and the configuration of each. */
export const gatewayPages: readonly ConsolePage[] = [listPage, onePage, filePage];
