import { z } from 'zod';
import { type Operation, permissionsFor } from './resource.ts';

/** What the document says of the whole API. */
interface About {
  title: string;
  version: string;
  /** The public URL, without a path. */
  issuer: string;
  /** The path that all operations share: `/admin/api/v1`. */
  base: string;
  /** What resources are, by the first part of their paths. */
  resources: Readonly<Record<string, string>>;
}

type Json = Record<string, unknown>;

/** The OpenAPI 3.1 document of the operations, from the same declarations that check the requests. */
export function openapi({ title, version, issuer, base, resources }: About, operations: readonly Operation[]): Json {
  const paths: Record<string, Json> = {};
  const schemas: Record<string, unknown> = { problem };
  for (const one of operations) {
    const path = one.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [one.method]: describe(one, schemas) };
  }
  const scopes = Object.fromEntries([...new Set(operations.flatMap(permissionsFor))].map((name) => [name, name]));
  const tokens = {
    type: 'oauth2',
    flows: { clientCredentials: { tokenUrl: `${issuer}/oauth2/token`, scopes } },
  };
  return {
    openapi: '3.1.0',
    info: { title, version },
    tags: [...new Set(operations.map(tagOf))].map((name) => ({
      name,
      ...(resources[name] === undefined ? {} : { description: resources[name] }),
    })),
    servers: [{ url: `${issuer}${base}` }],
    paths,
    components: { securitySchemes: { tokens }, schemas, responses: { problem: problemResponse } },
  };
}

const problem = {
  type: 'object',
  description: 'RFC 9457',
  required: ['title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'One sentence that says what to change' },
    code: { type: 'string', description: 'For programs: it does not change' },
    reference: { type: 'string', description: 'Under which the log has more' },
    errors: {
      type: 'array',
      items: { type: 'object', properties: { pointer: { type: 'string' }, detail: { type: 'string' } } },
    },
  },
};

const problemResponse = {
  description: 'What is wrong and what to change',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/problem' } } },
};

const withinOne =
  'Whoever has the permission within one organization only may ask for this with a token for that organization; what does not belong to it is then not there';

const tagOf = ({ path }: Operation): string => path.split('/')[1] ?? '';

function describe(one: Operation, schemas: Json): Json {
  const { name, about, status = one.reply ? 200 : 204 } = one;
  const match = one.versioned && one.method !== 'get';
  const parameters = [
    ...fields(one.params, 'path'),
    ...fields(one.query, 'query'),
    ...(match
      ? [{ name: 'If-Match', in: 'header', schema: { type: 'string' }, description: 'The ETag that was read' }]
      : []),
  ];
  const body = one.body && { content: { 'application/json': { schema: schemaOf(one.body, 'input', schemas) } } };
  const content = one.reply && { content: { 'application/json': { schema: schemaOf(one.reply, 'output', schemas) } } };
  return {
    operationId: name,
    summary: about,
    ...(one.scope === 'organization' ? { description: withinOne, 'x-sallyport-scope': one.scope } : {}),
    tags: [tagOf(one)],
    security: [{ tokens: permissionsFor(one) }],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: body } : {}),
    responses: {
      [status]: { description: status === 204 ? 'Done' : about, ...content },
      default: { $ref: '#/components/responses/problem' },
    },
  };
}

/** What has a name (`meta({ id })`) goes among the `schemas` of the document, once, and is referred to. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output', schemas: Json): Json {
  const { $schema, $defs = {}, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  const all = { ...$defs, ...(typeof rest.id === 'string' ? { [rest.id]: rest } : {}) };
  for (const [name, { id: _name, ...one }] of Object.entries(all)) schemas[name] = pointed(one);
  return typeof rest.id === 'string' ? { $ref: `#/components/schemas/${rest.id}` } : pointed(rest);
}

const pointed = (schema: Json): Json =>
  JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/$defs/', '"$ref":"#/components/schemas/'));

const isGroup = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

function fields(schema: z.ZodType | undefined, place: 'path' | 'query'): Json[] {
  const { properties, required } = schema ? schemaOf(schema, 'input', {}) : {};
  if (!isGroup(properties)) return [];
  return Object.entries(properties).map(([name, value]) => ({
    name,
    in: place,
    required: place === 'path' || (Array.isArray(required) && required.includes(name)),
    schema: value,
  }));
}
