import {
  chooseStep,
  chosenStep,
  laterStep,
  namingForm,
  type ProviderView,
  wizardContent,
} from '../../views/admin/connection-wizard.ts';
import { badge, type Deed } from '../../views/admin/parts.ts';
import { type PresetName, presetNames, presets } from '../federation/presets.ts';
import { type Html, html } from '../kernel/html.ts';
import { addressDocument } from './connection-document.ts';
import { type Setup, setupOf, type WizardPlace } from './connection-wizard-place.ts';
import { rulesStep } from './connection-wizard-rules.ts';
import { sourceFacts, sourceStep } from './connection-wizard-source.ts';
import { claimsLike, claimsSeen, lastTest, testStep } from './connection-wizard-test.ts';
import type { ConsoleShown, ConsoleVisit } from './console-page.ts';

type Form = ReadonlyMap<string, string>;

const isPreset = (name: string): name is PresetName => presetNames.some((one) => one === name);

/** The preset of this name, if it is one. */
export const presetNamed = (name: string | undefined): PresetName | undefined =>
  name !== undefined && isPreset(name) ? name : undefined;

/** The page on which a kind of provider is chosen. */
export function choosing({ frame }: ConsoleVisit, place: WizardPlace): ConsoleShown {
  const { say } = frame;
  const offered = presetNames.filter((name) => place.bounded !== true || presets[name].kind !== 'ldap');
  const all = offered.map((name): ProviderView => {
    const { kind } = presets[name];
    return {
      href: `${place.at('new')}?${new URLSearchParams({ preset: name })}`,
      called: say(`connect.preset.${name}`),
      protocol: say(`connect.protocol.${kind}`),
      needs: say(`connect.needs.${kind}`),
    };
  });
  return shown(
    frame.say('connect.provider.title'),
    wizardContent(frame, { ...newHead(frame.say, place), steps: [chooseStep(frame, all)] }),
  );
}

const newHead = (say: ConsoleVisit['frame']['say'], place: WizardPlace) => ({
  ...{ title: say('connect.provider.title'), about: say('connect.provider.about'), deeds: [] },
  up: { href: place.at(), text: say('console.nav.connections') },
});

const shown = (title: Html, content: Html): ConsoleShown => ({ title, content });

/** The page on which a connection is added: its kind is chosen, and the second step is open. */
export function adding(
  visit: ConsoleVisit,
  place: WizardPlace,
  { preset, id, typed }: { preset: PresetName; id: string; typed: Form },
): ConsoleShown {
  const { frame } = visit;
  const { kind, name } = presets[preset];
  const naming = namingForm(frame, { action: place.at('new'), preset, id, again: place.at('new') });
  const chosen = chosenStep(frame, {
    ...{ called: frame.say(`connect.preset.${preset}`), where: frame.say(`connect.where.${preset}`), naming },
    addresses: addressDocument({ kind, id }, frame.issuer),
  });
  const source = sourceStep(visit, place, { preset, called: name, id }, typed);
  const steps = [chosen, source, laterStep(frame), laterStep(frame)];
  return shown(frame.say('connect.provider.title'), wizardContent(frame, { ...newHead(frame.say, place), steps }));
}

/** What is opened on the page of the four steps, and with what. */
export interface Opened {
  step?: 'source' | 'test' | 'rules';
  /** What was typed into the form of that step. */
  typed?: Form;
  preview?: Html;
}

const none: Form = new Map();

/** The four steps of a connection that is there. */
export async function settingUp(visit: ConsoleVisit, place: WizardPlace, opened: Opened = {}): Promise<ConsoleShown> {
  const { frame } = visit;
  const { one, etag } = await setupOf(visit);
  const { step, typed = visit.typed } = opened;
  const writes = visit.may('changeConnection') && !one.declared;
  const of = (name: Opened['step']) => (step === name ? typed : none);
  const last = await lastTest(visit, one.id);
  const title = frame.say('connect.setup.title', { name: one.name });
  const source = html`${sourceFacts(visit, one)}
${writes && fold(frame.say('console.edit'), sourceStep(visit, place, { preset: one.preset, called: one.name, id: one.id, one, etag }, of('source')), step === 'source')}`;
  const steps = [
    chosenOf(visit, one),
    source,
    visit.may('testConnection') ? testStep(visit, place, one, last) : laterStep(frame),
    html`${switching(visit, place, one)}
${writes && (await rulesStep(visit, place, { ...ground(one, last), etag, typed: of('rules'), preview: opened.preview }))}`,
  ];
  const view = {
    ...{
      title,
      steps,
      deeds: deedsOf(visit, place, one),
      up: { href: place.at(), text: frame.say('console.nav.connections') },
    },
    badge: badge(frame.say(`console.connections.state.${one.state}`), one.state === 'enabled' ? 'good' : 'plain'),
    notice: one.declared && frame.say('console.connections.declared'),
  };
  return shown(title, wizardContent(frame, view));
}

const fold = (summary: Html, content: Html, open: boolean): Html =>
  html`<details${open && html` open`}><summary>${summary}</summary>
${content}</details>`;

function chosenOf({ frame }: ConsoleVisit, { preset, addresses }: Setup): Html {
  const known = presetNamed(preset);
  const called = known === undefined ? html`${preset}` : frame.say(`connect.preset.${known}`);
  const where = known === undefined ? html`` : frame.say(`connect.where.${known}`);
  return chosenStep(frame, { called, where, addresses });
}

/** What the fourth step begins with: claims of the last test, or such as somebody could have. */
function ground(one: Setup, last: Awaited<ReturnType<typeof lastTest>>) {
  const upstream = last?.person?.groups?.map(({ name }) => name) ?? [];
  return { one, claims: claimsSeen(last, one) ?? claimsLike(one), upstream: upstream.slice(0, 200) };
}

/** Whether people come in, and the page that asks before that changes. */
function switching(visit: ConsoleVisit, { at }: WizardPlace, one: Setup): Html {
  const { say } = visit.frame;
  const on = one.state === 'enabled';
  const operation = on ? 'disableConnection' : 'enableConnection';
  const href = at(one.id, on ? 'disable' : 'enable');
  return html`<p>${say(on ? 'connect.on' : 'connect.off')}</p>
${!one.declared && visit.may(operation) && html`<p class="deeds"><a class="${on ? 'button danger' : 'primary'}" href="${href}">${say(`console.connections.${on ? 'disable' : 'enable'}`)}</a></p>`}`;
}

function deedsOf(visit: ConsoleVisit, { at }: WizardPlace, one: Setup): Deed[] {
  const { say } = visit.frame;
  const removes = !one.declared && visit.may('removeConnection');
  return [
    { href: at(one.id, 'domains'), text: say('console.connections.domains') },
    ...(one.kind !== 'ldap' && visit.may('refreshConnection')
      ? [{ href: at(one.id, 'refresh'), text: say('console.connections.refresh') }]
      : []),
    ...(removes
      ? [{ href: at(one.id, 'remove'), text: say('console.connections.remove'), kind: 'danger' as const }]
      : []),
  ];
}
