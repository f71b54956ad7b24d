import { presets } from '../federation/presets.ts';
import { parameter } from './account-list.ts';
import { newTestReply } from './admin-connection-tests.ts';
import { connectionReply } from './connection-document.ts';
import { wizardDeedPages } from './connection-wizard-deeds.ts';
import { wizardDomainPages } from './connection-wizard-domains.ts';
import { patternOf, setupOf, type WizardPlace } from './connection-wizard-place.ts';
import { changedRules, rulesBody, rulesPreview } from './connection-wizard-rules.ts';
import { sourceBody, sourceFields } from './connection-wizard-source.ts';
import { adding, choosing, presetNamed, settingUp } from './connection-wizard-steps.ts';
import { type ConsolePage, type ConsoleVisit, consolePage, matchOf } from './console-page.ts';

export type { WizardPlace } from './connection-wizard-place.ts';

/**
 * Connecting a provider: the four steps on one page, each with a form that can be used again later, and what is asked for around
 * them. They know no other addresses than those of `at`, and show nothing that would be refused.
 */
export const connectionWizard = (place: WizardPlace): ConsolePage[] => [
  newPage(place),
  setupPage(place),
  sourcePage(place),
  testPage(place),
  rulesPage(place),
  ...wizardDeedPages(place),
  ...wizardDomainPages(place),
];

/** What is called by no brand. */
const plainNames: Readonly<Record<string, string>> = {
  ...{ 'active-directory': 'ad', 'generic-ldap': 'directory', 'generic-oidc': 'sso', 'generic-saml': 'sso' },
};

/** A name for the addresses that no connection has, as far as this person can see. */
async function freeName(visit: ConsoleVisit, preset: string): Promise<string> {
  const [brand = preset] = preset.split('-');
  const base = plainNames[preset] ?? brand;
  for (let count = 1; count < 20; count += 1) {
    const id = count === 1 ? base : `${base}-${count}`;
    if ((await visit.glimpse('getConnection', connectionReply, { id })) === undefined) return id;
  }
  return '';
}

/** What was typed, or stands in the address. */
const told = ({ ctx, typed }: ConsoleVisit, name: string): string | undefined =>
  typed.get(name) ?? parameter(ctx, name);

const newPage = (place: WizardPlace): ConsolePage =>
  consolePage({
    ...{ path: place.at('new'), room: place.room, calls: 'addConnection', fresh: true, keeps: sourceFields },
    async get(visit) {
      const preset = presetNamed(told(visit, 'preset'));
      if (preset === undefined) return choosing(visit, place);
      const id = told(visit, 'id')?.trim() || (await freeName(visit, preset));
      return adding(visit, place, { preset, id, typed: visit.typed });
    },
    async post(visit, form) {
      const preset = presetNamed(form.get('preset'));
      if (preset === undefined) return { goOn: place.at('new') };
      const said = sourceBody(form, presets[preset].kind);
      // Nobody comes in through it before it was tested and its rules were looked at.
      const body = { ...said, id: form.get('id')?.trim() ?? '', preset, state: 'disabled' };
      const { id } = await visit.read('addConnection', connectionReply, { body });
      return {
        goOn: place.at(id, 'setup'),
        said: { key: 'connect.added', values: { name: form.get('name')?.trim() || id } },
      };
    },
  });

const setupPage = (place: WizardPlace): ConsolePage =>
  consolePage({
    // What is typed here is sent by forms that need a fresh sign-in, and not all of it may fit into what is carried over one.
    ...{ path: patternOf(place, ':id', 'setup'), room: place.room, calls: 'getConnection', fresh: true },
    get: (visit) => settingUp(visit, place),
  });

const sourcePage = (place: WizardPlace): ConsolePage =>
  consolePage({
    ...{ path: patternOf(place, ':id', 'source'), room: place.room, calls: 'changeConnection' },
    ...{ fresh: true, keeps: sourceFields },
    get: (visit) => settingUp(visit, place, { step: 'source' }),
    async post(visit, form) {
      const { one } = await setupOf(visit);
      const body = sourceBody(form, one.kind, one);
      await visit.do('changeConnection', { params: { id: one.id }, body, match: matchOf(form) });
      const name = form.get('name')?.trim() || one.name;
      return { goOn: place.at(one.id, 'setup'), said: { key: 'console.saved', values: { name } } };
    },
  });

const testPage = (place: WizardPlace): ConsolePage =>
  consolePage({
    ...{ path: patternOf(place, ':id', 'test'), room: place.room, calls: 'testConnection' },
    get: (visit) => settingUp(visit, place, { step: 'test' }),
    async post(visit, form) {
      const params = { id: visit.params.id ?? '' };
      const body = { strong: form.get('strong') === 'yes', fresh: form.get('fresh') === 'yes' };
      const { link } = await visit.read('testConnection', newTestReply, { params, body });
      return { goOn: link };
    },
  });

const rulesPage = (place: WizardPlace): ConsolePage =>
  consolePage({
    ...{ path: patternOf(place, ':id', 'rules'), room: place.room, calls: 'changeConnection', fresh: true },
    keeps: ['changes'],
    condense: changedRules,
    get: (visit) => settingUp(visit, place, { step: 'rules' }),
    async post(visit, form) {
      const { one } = await setupOf(visit);
      if (form.get('deed') === 'preview') {
        const preview = await rulesPreview(visit, place, form, one);
        return settingUp(visit, place, { step: 'rules', typed: form, preview });
      }
      const body = rulesBody(visit, place, form, one);
      await visit.do('changeConnection', { params: { id: one.id }, body, match: matchOf(form) });
      return { goOn: place.at(one.id, 'setup'), said: { key: 'console.saved', values: { name: one.name } } };
    },
  });
