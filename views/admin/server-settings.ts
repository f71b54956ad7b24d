import { type Html, html, type Value } from '../../src/kernel/html.ts';
import type { Frame } from '../layout.ts';
import { section, table } from './parts.ts';

/** A setting of the server. */
export interface SettingView {
  name: string;
  variable: string;
  /** In English, as in the reference. */
  about: string;
  value?: string | number | boolean | undefined;
  set: boolean;
  from?: 'environment' | 'file' | 'default' | undefined;
}

const shown = ({ say }: Frame, { value, set }: SettingView): Value => {
  if (typeof value === 'boolean') return say(value ? 'console.yes' : 'console.no');
  return value ?? say(set ? 'console.server.set' : 'console.server.unset');
};

/** The settings in their groups; those that stand alone come first. */
export const serverContent = (frame: Frame, groups: readonly (readonly [string, readonly SettingView[]])[]): Html => {
  const { say } = frame;
  return html`${groups.map(([group, rows]) => {
    const title = group === '' ? say('console.server.general') : html`<code>${group}</code>`;
    return section(
      title,
      table(title, {
        columns: [
          {
            title: say('console.server.setting'),
            cell: ({ name, variable }) => html`<code>${name}</code><span class="id">${variable}</span>`,
          },
          {
            title: say('console.server.value'),
            cell: (one) =>
              html`${shown(frame, one)}${one.from !== undefined && html`<span class="id">${say(`console.server.from.${one.from}`)}</span>`}`,
          },
          {
            title: say('console.server.about'),
            wide: true,
            cell: ({ about }) => html`<span lang="en">${about}</span>`,
          },
        ],
        rows,
        none: html``,
      }),
    );
  })}`;
};
