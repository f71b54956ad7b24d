import { type Html, html } from '../../src/kernel/html.ts';
import type { Frame } from '../layout.ts';
import { type Deed, empty, head, tabs } from './parts.ts';

/** The parts of the settings, in the order of their tabs. */
export const settingsParts = [
  'organizations',
  'second-factors',
  'keys',
  'webhooks',
  'registrars',
  'tiers',
  'server',
] as const;
/** A part of the settings. */
export type SettingsPart = (typeof settingsParts)[number];

/** The head of the first page of a part, with the other parts that this person may open. */
export const settingsHead = (
  { say }: Frame,
  { part, open, deeds }: { part: SettingsPart; open: readonly SettingsPart[]; deeds: readonly Deed[] },
): Html => html`${head(say(`console.settings.${part}`), { about: say(`console.settings.${part}.about`), deeds })}
${tabs(
  say('console.nav.settings'),
  open.map((one) => ({ href: `/admin/settings/${one}`, text: say(`console.settings.${one}`), open: one === part })),
)}`;

/** The settings for somebody who may see none. */
export const noSettings = ({ say }: Frame): Html =>
  html`${head(say('console.nav.settings'))}${empty(say('console.settings.none'))}`;
