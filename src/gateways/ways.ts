import type { Way } from './guide.ts';

const form = /^(\*|[A-Z]{3,10}) +(\/\S*) += +(\S+)$/;

/** From left to right a name is more specific than any one segment, and that more than all that are left. */
const weight = (segment: string): string => (segment === '**' ? '3' : /^(?:\*|\{[^}]*\})$/.test(segment) ? '2' : '1');
const rank = (template: string): string =>
  // The end of the path is more specific than what goes on, so a longer template comes after `~` only by its own parts.
  template.slice(1).split('/').map(weight).join('').padEnd(60, '0');

/** Routes of an API (`GET /orders/** = orders:read`) as ways, most specific first, those alike but for the method together. */
export function waysOf(routes: readonly string[]): Way[] {
  const ways: { methods: string[]; template: string; permission: string }[] = [];
  for (const route of routes) {
    const [, method = '', template = '', permission = ''] = form.exec(route) ?? [];
    if (method === '') continue;
    const any = method === '*';
    const alike = ways.find(
      (way) => way.template === template && way.permission === permission && (way.methods.length === 0) === any,
    );
    if (alike) alike.methods.push(method);
    else ways.push({ methods: any ? [] : [method], template, permission });
  }
  const gets = (template: string) => ways.filter((way) => way.template === template).flatMap(({ methods }) => methods);
  return ways
    .map((way) => {
      // HEAD is GET without the content (RFC 9110 §9.3.2), where no route says otherwise.
      const head = way.methods.includes('GET') && !gets(way.template).includes('HEAD');
      return { ...way, methods: head ? [...way.methods, 'HEAD'] : way.methods };
    })
    .sort(
      (a, b) =>
        rank(a.template).localeCompare(rank(b.template)) ||
        Number(a.methods.length === 0) - Number(b.methods.length === 0),
    );
}
