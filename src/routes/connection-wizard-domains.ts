import { domainsContent } from '../../views/admin/connection-domains.ts';
import { consoleQuestion } from '../../views/admin/question.ts';
import { strong } from '../../views/layout.ts';
import { missing } from '../kernel/errors.ts';
import { domainReply } from './connection-document.ts';
import { patternOf, setupOf, type WizardPlace } from './connection-wizard-place.ts';
import { type ConsolePage, type ConsoleVisit, consolePage } from './console-page.ts';

/** The domains of a connection: the record that proves each, its verification, and its end. */
export const wizardDomainPages = (place: WizardPlace): ConsolePage[] => [
  domainsPage(place),
  verifyPage(place),
  removePage(place),
];

const domainsPage = (place: WizardPlace): ConsolePage =>
  consolePage({
    ...{ path: patternOf(place, ':id', 'domains'), room: place.room, calls: 'getConnection', keeps: ['domain'] },
    async get(visit) {
      const { one } = await setupOf(visit);
      const at = (name: string, deed: string) => place.at(one.id, 'domains', name, deed);
      const writes = visit.may('addConnectionDomain');
      const content = domainsContent(visit.frame, {
        ...{ called: one.name, up: place.at(one.id, 'setup'), typed: visit.typed.get('domain') ?? '' },
        domains: one.domains.map(({ name, record, verified }) => ({ name, record, verified: verified !== undefined })),
        places: writes ? { verify: (name) => at(name, 'verify'), remove: (name) => at(name, 'remove') } : undefined,
      });
      return { title: visit.frame.say('connect.domains.title', { name: one.name }), content };
    },
    async post(visit, form) {
      const id = visit.params.id ?? '';
      const body = { name: form.get('domain')?.trim() ?? '' };
      const { name } = await visit.read('addConnectionDomain', domainReply, { params: { id }, body });
      return { goOn: place.at(id, 'domains'), said: { key: 'connect.domains.added', values: { name } } };
    },
  });

/** The domain of this address. Throws `missing`. */
async function domainOf(visit: ConsoleVisit) {
  const { one } = await setupOf(visit);
  const found = one.domains.find(({ name }) => name === visit.params.domain);
  if (!found) throw missing('This domain');
  return { one, params: { id: one.id, domain: found.name }, name: found.name };
}

const verifyPage = (place: WizardPlace): ConsolePage =>
  consolePage({
    ...{ path: patternOf(place, ':id', 'domains', ':domain', 'verify'), room: place.room },
    ...{ calls: 'verifyConnectionDomain', fresh: true, keeps: ['by'] },
    async get(visit) {
      const { say } = visit.frame;
      const { one, name } = await domainOf(visit);
      const ways = (['dns', 'word'] as const).map((way) => [way, say(`connect.domains.by.${way}`)] as const);
      const by = { name: 'by', label: say('connect.domains.by'), value: visit.typed.get('by') ?? 'dns', options: ways };
      const content = consoleQuestion(visit.frame, {
        title: say('connect.domains.verify.title', { name: strong(name) }),
        sentence: say('connect.domains.verify.sentence'),
        pick: place.bounded === true ? undefined : by,
        ...{ deed: say('connect.domains.verify'), back: place.at(one.id, 'domains') },
      });
      return { title: say('connect.domains.verify.title', { name }), content };
    },
    async post(visit, form) {
      const { one, params, name } = await domainOf(visit);
      const body = form.get('by') === 'word' ? { by_administrator: true } : {};
      await visit.do('verifyConnectionDomain', { params, body });
      return { goOn: place.at(one.id, 'domains'), said: { key: 'connect.domains.verified', values: { name } } };
    },
  });

const removePage = (place: WizardPlace): ConsolePage =>
  consolePage({
    ...{ path: patternOf(place, ':id', 'domains', ':domain', 'remove'), room: place.room },
    calls: 'removeConnectionDomain',
    async get(visit) {
      const { say } = visit.frame;
      const { one, name } = await domainOf(visit);
      const content = consoleQuestion(visit.frame, {
        title: say('connect.domains.remove.title', { name: strong(name) }),
        sentence: say('connect.domains.remove.sentence'),
        ...{ deed: say('connect.domains.remove'), danger: true, back: place.at(one.id, 'domains') },
      });
      return { title: say('connect.domains.remove.title', { name }), content };
    },
    async post(visit) {
      const { one, params, name } = await domainOf(visit);
      await visit.do('removeConnectionDomain', { params });
      return { goOn: place.at(one.id, 'domains'), said: { key: 'connect.domains.removed', values: { name } } };
    },
  });
