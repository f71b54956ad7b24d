import type { Context } from 'koa';
import type { Frame } from '../../views/layout.ts';
import { connectPage, linkPage } from '../../views/signin/connecting.ts';
import { consentPage } from '../../views/signin/consent.ts';
import { directoryPage } from '../../views/signin/directory.ts';
import { identifyPage } from '../../views/signin/identify.ts';
import { passwordPage } from '../../views/signin/password.ts';
import { providerFailurePage } from '../../views/signin/provider-failure.ts';
import { wayPage } from '../../views/signin/way.ts';
import { duration } from '../../views/words.ts';
import { calledAs } from '../directory/users.ts';
import type { Html } from '../kernel/html.ts';
import type { FirstProof } from '../signin/first.ts';
import { ended, type Flow } from '../signin/flow.ts';
import type { ThroughProvider, Way } from '../signin/through.ts';
import { goOn, show } from './answer.ts';
import type { OwnStep } from './signin-factors.ts';

/** What a page says to somebody who has to wait. */
export const tooOften = ({ say }: Frame, seconds: number): Html =>
  say('signin.too-often', { time: duration(say, seconds) });

/** Sends the browser on its way to a provider, or says why there is none. */
export function follow(ctx: Context, { frame, flow, way }: { frame: Frame; flow: Flow; way: Way }): void {
  if ('goOn' in way) goOn(ctx, way.goOn);
  else if ('post' in way) show(ctx, wayPage(frame, way.post));
  else {
    const reference = String(ctx.state.requestId);
    const action = `/signin/${flow.interaction.uid}`;
    show(ctx, providerFailurePage(frame, { action, client: flow.client.name, ...way.failed, reference }), 400);
  }
}

type ConsentStep = Extract<Flow['step'], { name: 'consent' }>;

interface Parts {
  frame: Frame;
  through: ThroughProvider;
  first: FirstProof;
  /** Whether a link for a new password can be sent. */
  canReset: boolean;
  /** What was wrong with a passkey. */
  passkeyError?: Html | undefined;
}

/** The page of the step that a sign-in has come to. */
export async function stepPage(
  { frame, through, first, canReset, passkeyError }: Parts,
  flow: Flow & { step: Exclude<Flow['step'], OwnStep> },
  error?: Html,
): Promise<Html> {
  const { step, client } = flow;
  const forgot = canReset ? `/account/forgot?${new URLSearchParams({ client: client.id })}` : undefined;
  const common = { action: `/signin/${flow.interaction.uid}`, client: flow.client.name, error };
  switch (step.name) {
    case 'identify': {
      const passkey = { options: await first.challenge(flow), error: passkeyError };
      const choices = await through.choices();
      return identifyPage(frame, { ...common, ...identifying(frame, flow), choices, passkey, forgot });
    }
    case 'password': {
      const { identifier } = step;
      const passkey = { options: await first.challenge(flow), error: passkeyError };
      const connection = await through.forAddress(identifier);
      return passwordPage(frame, { ...common, identifier, choices: connection ? [connection] : [], passkey, forgot });
    }
    case 'federation': {
      const provider = await through.nameOf(step.connection);
      return directoryPage(frame, { ...common, provider, identifier: step.identifier });
    }
    case 'connect': {
      const { upstream, identifier = upstream.email } = step;
      const provider = await through.nameOf(upstream.connection);
      return connectPage(frame, { ...common, provider, label: upstream.label, identifier });
    }
    case 'link':
      return linkPage(frame, { ...common, label: step.upstream.label, ...(await through.sides(step)) });
    case 'consent':
      return consentPage(frame, consentRequest(common.action, flow, step));
    case 'finished':
      throw ended();
  }
}

function identifying({ say }: Frame, { client, suggested, otherPerson }: Flow) {
  const notice = otherPerson ? say('signin.other-account', { client: client.name }) : undefined;
  return { identifier: suggested, notice };
}

function consentRequest(action: string, { client, interaction }: Flow, step: ConsentStep) {
  const { id, name, metadata, registrar, firstParty } = client;
  return {
    action,
    client: { id, name, homePage: metadata.client_uri, policy: metadata.policy_uri, terms: metadata.tos_uri },
    unverified: registrar !== undefined && !firstParty,
    account: calledAs(step.user),
    ...step.asked,
    redirectUri: String(interaction.params.redirect_uri),
    eachTime: step.eachTime,
  };
}
