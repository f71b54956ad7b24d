import { applicationGatewayContent } from '../../views/admin/application-gateway.ts';
import { isBuiltIn } from '../directory/built-in.ts';
import { listOf } from '../http/paging.ts';
import { apiReply } from './api-document.ts';
import { clientReply } from './client-document.ts';
import { applicationOf, applicationsPath } from './console-applications.ts';
import { etagFor, filledForm } from './console-form.ts';
import { type ConsolePage, type ConsoleVisit, consolePage, lines, matchOf } from './console-page.ts';

/** The audiences of all APIs, as far as this person may know them. */
async function audiences(visit: ConsoleVisit): Promise<string[]> {
  if (!visit.may('listApis')) return [];
  const { items } = await visit.read('listApis', listOf(apiReply), { query: { limit: 500 } });
  return items.map(({ id }) => id).filter((id) => !isBuiltIn(id));
}

/** What an application may do as a gateway: whose tokens it may introspect, and how long it may keep an answer. */
export const applicationGatewayPages: readonly ConsolePage[] = [
  consolePage({
    path: `${applicationsPath}/:id/gateway`,
    room: applicationsPath,
    calls: 'changeClient',
    fresh: true,
    keeps: ['whose', 'audiences', 'keep', 'was', 'etag'],
    async get(visit) {
      const { say } = visit.frame;
      const { one, etag } = await applicationOf(visit);
      const { introspects, introspection_cache_seconds: keep } = await visit.read('getClient', clientReply, {
        params: { id: one.id },
      });
      const now = {
        whose: introspects === 'all' ? 'all' : introspects.length > 0 ? 'some' : 'none',
        audiences: introspects === 'all' ? '' : introspects.join('\n'),
        keep: keep === undefined ? '' : String(keep),
      };
      const { value, was, conflicts } = filledForm(visit, now, {
        whose: say('console.applications.introspects'),
        audiences: say('console.gateways.audiences'),
        keep: say('console.gateways.keep'),
      });
      const values = { whose: value('whose'), audiences: value('audiences'), keep: value('keep') };
      const known = await audiences(visit);
      const content = applicationGatewayContent(visit.frame, one, {
        ...{ values, known, was, conflicting: conflicts },
        etag: etagFor(visit, etag),
      });
      return { title: say('console.gateways.application', { name: one.name }), content };
    },
    async post(visit, form) {
      const { one } = await applicationOf(visit);
      const whose = form.get('whose');
      const keep = form.get('keep')?.trim() ?? '';
      const body = {
        introspects: whose === 'all' ? 'all' : whose === 'some' ? lines(form, 'audiences') : [],
        introspection_cache_seconds: keep === '' ? null : Number(keep),
      };
      await visit.do('changeClient', { params: { id: one.id }, body, match: matchOf(form) });
      return { goOn: one.href, said: { key: 'console.saved', values: { name: one.name } } };
    },
  }),
];
