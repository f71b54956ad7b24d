import { invalid } from '../kernel/errors.ts';

type Rule = Readonly<Record<string, unknown>>;

/** Kinds of evidence by the words of a line, as `--mfa-evidence` has them, and their settings on the wire. */
const kinds: Readonly<Record<string, string>> = {
  amr: 'amr_any_of',
  acr: 'acr_in',
  acrs: 'acrs_in',
  context: 'authn_context_in',
};

const between = ' | ';

const listed = (value: unknown): value is string[] =>
  Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string' && !/[\n|]|=>/.test(one));

/** `KIND=VALUE | VALUE => phr` for a rule of one condition; undefined for one that a line cannot say. */
function line({ level, ...conditions }: Rule): string | undefined {
  const [[name, value] = ['', undefined], ...more] = Object.entries(conditions).filter(([, one]) => one !== undefined);
  if (more.length > 0) return undefined;
  const worth = level === 'phr' ? ' => phr' : '';
  if (name === 'attribute') {
    const { name: attribute, any_of: any } = Object(value) as { name?: unknown; any_of?: unknown };
    return listed([attribute]) && listed(any) && !String(attribute).includes('=')
      ? `attribute:${attribute}=${any.join(between)}${worth}`
      : undefined;
  }
  const kind = Object.keys(kinds).find((one) => kinds[one] === name);
  return kind !== undefined && listed(value) ? `${kind}=${value.join(between)}${worth}` : undefined;
}

/** The rules of evidence, one to a line; undefined where one of them says more than a line can. */
export function evidenceLines(rules: readonly Rule[]): string | undefined {
  const all = rules.map(line);
  return all.includes(undefined) ? undefined : all.join('\n');
}

/** What such a line says. Throws `invalid`. */
export function evidenceRule(text: string): Rule {
  const [, said = '', worth] = /^(.*?)(?:\s*=>\s*(\w+))?$/s.exec(text.trim()) ?? [];
  const mark = said.indexOf('=');
  const [kind, values] = [said.slice(0, mark).trim(), said.slice(mark + 1)];
  const any = values.split('|').map((one) => one.trim());
  const level = worth === undefined ? {} : { level: worth };
  const known = (worth ?? 'phr') === 'phr' || worth === '2fa';
  if (mark > 0 && known && any.every((one) => one !== '')) {
    const [, attribute] = /^attribute:(.+)$/s.exec(kind) ?? [];
    if (attribute !== undefined) return { attribute: { name: attribute, any_of: any }, ...level };
    const name = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
    if (name !== undefined) return { [name]: any, ...level };
  }
  throw invalid(
    `"${text.slice(0, 100)}" is no rule of evidence; write amr=mfa, acr=…, acrs=c1, context=… or attribute:NAME=VALUE, one to a line`,
  );
}

/** Ways of asking for a second factor by the words of a line, and their settings on the wire. */
const requests: Readonly<Record<string, string>> = { acr: 'acr_values', acrs: 'acrs', context: 'authn_context' };

/** How a second factor is asked for, one value to a line. */
export const requestLines = (request: Readonly<Record<string, readonly string[]>>): string =>
  Object.entries(requests)
    .flatMap(([kind, name]) => (request[name] ?? []).map((value) => `${kind}=${value}`))
    .join('\n');

/** What such lines say; what they name no more is asked for no more. Throws `invalid`. */
export function strongRequest(all: readonly string[]): Record<string, string[]> {
  const said: Record<string, string[]> = Object.fromEntries(Object.values(requests).map((name) => [name, []]));
  for (const text of all) {
    const [, kind = '', value = ''] = /^(\w+)\s*=\s*(.+)$/.exec(text) ?? [];
    const list = Object.hasOwn(requests, kind) ? said[requests[kind] ?? ''] : undefined;
    if (!list || value === '') {
      throw invalid(
        `"${text.slice(0, 100)}" says of no second factor how to ask for it; write acr=…, acrs=c1 or context=…, one to a line`,
      );
    }
    list.push(value);
  }
  return said;
}
