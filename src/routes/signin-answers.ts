import type { Context } from 'koa';
import type { Frame } from '../../views/layout.ts';
import { connectPage, linkPage } from '../../views/signin/connecting.ts';
import { consentPage } from '../../views/signin/consent.ts';
import { directoryPage } from '../../views/signin/directory.ts';
import { identifyPage } from '../../views/signin/identify.ts';
import { passwordPage } from '../../views/signin/password.ts';
import { providerFailurePage } from '../../views/signin/provider-failure.ts';
import { wayPage } from '../../views/signin/way.ts';
import type { Html } from '../kernel/html.ts';
import { ended, type Flow } from '../signin/flow.ts';
import type { ThroughProvider, Way } from '../signin/through.ts';
import { goOn, show } from './answer.ts';

const duration = (seconds: number): string => {
  if (seconds < 2) return 'a second';
  return seconds < 90 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
};

/** What a page says to somebody who has to wait. */
export const tooOften = (seconds: number): string =>
  `There were too many wrong passwords. Wait ${duration(seconds)} and try again.`;

/** Sends the browser on its way to a provider, or says why there is none. */
export function follow(ctx: Context, { frame, flow, way }: { frame: Frame; flow: Flow; way: Way }): void {
  if ('goOn' in way) return goOn(ctx, way.goOn);
  if ('post' in way) return show(ctx, wayPage(frame, way.post));
  const reference = String(ctx.state.requestId);
  const action = `/signin/${flow.interaction.uid}`;
  return show(ctx, providerFailurePage(frame, { action, client: flow.client.name, ...way.failed, reference }), 400);
}

type Shown = Exclude<Flow['step'], { name: 'finished' }>;
type ConsentStep = Extract<Flow['step'], { name: 'consent' }>;

/** The page of the step that a sign-in has come to. */
export async function stepPage(
  { frame, through }: { frame: Frame; through: ThroughProvider },
  flow: Flow & { step: Flow['step'] },
  error?: string,
): Promise<Html> {
  const { step, client } = flow;
  const page = { frame, through, flow, action: `/signin/${flow.interaction.uid}`, client: client.name, error };
  return step.name === 'finished' ? Promise.reject(ended()) : pages[step.name](page, step as never);
}

interface Page {
  frame: Frame;
  through: ThroughProvider;
  flow: Flow;
  action: string;
  client: string;
  error: string | undefined;
}

type Pages = { [N in Shown['name']]: (page: Page, step: Extract<Shown, { name: N }>) => Promise<Html> };

const pages: Pages = {
  async identify({ frame, through, flow, action, client, error }) {
    const { suggested, otherPerson } = flow;
    const notice = otherPerson ? `${client} asks for another account than the one that you used just now.` : undefined;
    const choices = await through.choices();
    return identifyPage(frame, { action, client, identifier: suggested, error, notice, choices });
  },
  async password({ frame, through, action, client, error }, { identifier }) {
    const connection = await through.forAddress(identifier);
    return passwordPage(frame, { action, client, identifier, error, choices: connection ? [connection] : [] });
  },
  async federation({ frame, through, action, client, error }, { connection, identifier }) {
    const provider = await through.nameOf(connection);
    return directoryPage(frame, { action, client, provider, identifier, error });
  },
  async connect({ frame, through, action, client, error }, { upstream, identifier = upstream.email }) {
    const provider = await through.nameOf(upstream.connection);
    return connectPage(frame, { action, client, provider, label: upstream.label, identifier, error });
  },
  async link({ frame, through, action, client }, step) {
    const { label } = step.upstream;
    return linkPage(frame, { action, client, label, ...(await through.sides(step)) });
  },
  async consent({ frame, flow, action }, step) {
    return consentPage(frame, consentRequest(action, flow, step));
  },
};

function consentRequest(action: string, { client, interaction }: Flow, step: ConsentStep) {
  const { id, name, metadata, registrar, firstParty } = client;
  return {
    action,
    client: { id, name, homePage: metadata.client_uri, policy: metadata.policy_uri, terms: metadata.tos_uri },
    unverified: registrar !== undefined && !firstParty,
    account: step.user.email,
    ...step.asked,
    redirectUri: String(interaction.params.redirect_uri),
    eachTime: step.eachTime,
  };
}
