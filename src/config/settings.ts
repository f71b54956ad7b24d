import { z } from 'zod';
import { schema } from './schema.ts';

/** One setting as the schema describes it: enough to read its variable and to print its row. */
export interface Setting {
  readonly path: readonly string[];
  readonly env: string;
  readonly description: string;
  readonly kind: 'text' | 'number' | 'switch' | 'list';
  readonly usual: unknown;
  /** What holds when it is not set and there is no value to show. */
  readonly unset: string | undefined;
  /** Its value never appears anywhere, and may come from a file named by `<variable>_FILE`. */
  readonly secret: boolean;
  /** One of a few values that the schema names. */
  readonly closed: boolean;
}

type Node = z.core.JSONSchema.BaseSchema;

const kinds: Record<string, Setting['kind']> = {
  integer: 'number',
  number: 'number',
  boolean: 'switch',
  array: 'list',
  string: 'text',
};

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function walk(node: Node, path: readonly string[]): Setting[] {
  const env = text(node.env);
  if (env === undefined) {
    return Object.entries(node.properties ?? {}).flatMap(([name, member]) =>
      typeof member === 'boolean' ? [] : walk(member, [...path, name]),
    );
  }
  return [
    {
      path,
      env,
      description: node.description ?? '',
      kind: kinds[text(node.type) ?? ''] ?? 'text',
      usual: node.default,
      unset: text(node.unset),
      secret: node.secret === true,
      closed: node.enum !== undefined,
    },
  ];
}

const described = z.toJSONSchema(schema, { io: 'input' });

/** Every setting that has a variable, in the order of the schema. */
export const settings: readonly Setting[] = walk(described, []);

/** The variables that set what stands at a path: `SALLYPORT_STORE or SALLYPORT_STORE_FILE`; undefined where there is none. */
export function variableOf(path: string): string | undefined {
  const setting = settings.find((one) => `${path}.`.startsWith(`${one.path.join('.')}.`));
  return setting?.secret ? `${setting.env} or ${setting.env}_FILE` : setting?.env;
}

/** The names that stand under a path of the schema; empty where there are none. */
export function namesUnder(path: readonly PropertyKey[]): string[] {
  let node: Node | boolean | undefined = described;
  for (const name of path) {
    if (typeof node !== 'object') return [];
    const items: unknown = node.items;
    node = typeof name === 'number' && isNode(items) ? items : node.properties?.[String(name)];
  }
  return typeof node === 'object' ? Object.keys(node.properties ?? {}) : [];
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The JSON Schema of the file, for editors: what we keep for ourselves in it becomes part of the descriptions. */
export function jsonSchema(): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(schema, {
    io: 'input',
    override({ jsonSchema: node }) {
      const env = text(node.env);
      if (env !== undefined) node.description = `${node.description} (${env})`;
      for (const name of ['env', 'unset', 'secret']) delete node[name];
    },
  });
}
