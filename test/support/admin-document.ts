import type { TestApp } from './app.ts';

/** An operation as the OpenAPI document describes it. */
export interface Described {
  name: string;
  method: string;
  path: string;
  permission: string;
  /** Needed besides. */
  also: string[];
  /** Whether whoever looks after one organisation may ask for it too. */
  delegable: boolean;
  /** The status of success. */
  status: number;
  query: string[];
  /** Members of the body that are no free objects, where there is one. */
  body: string[] | undefined;
}

interface Operation {
  operationId: string;
  security: { tokens: string[] }[];
  parameters?: { name: string; in: string }[];
  requestBody?: {
    content: { 'application/json': { schema: { properties?: Record<string, object> } } };
  };
  responses: object;
  'x-sallyport-scope'?: string;
}

/** The OpenAPI document as the server gives it to anybody. */
export const openapiOf = async (app: TestApp) => (await fetch(`${app.issuer}/admin/api/openapi.json`)).json();

/** Every operation in it. */
export async function describedBy(app: TestApp): Promise<Described[]> {
  const { paths }: { paths: Record<string, Record<string, Operation>> } = await openapiOf(app);
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, one]) => ({
      ...{ name: one.operationId, method: method.toUpperCase(), path },
      permission: one.security[0]?.tokens[0] ?? '',
      also: one.security[0]?.tokens.slice(1) ?? [],
      delegable: one['x-sallyport-scope'] === 'organization',
      status: Number(Object.keys(one.responses)[0]),
      query: (one.parameters ?? []).filter((parameter) => parameter.in === 'query').map(({ name }) => name),
      body: one.requestBody && closed(one.requestBody.content['application/json'].schema.properties ?? {}),
    })),
  );
}

const closed = (properties: Record<string, object>): string[] =>
  Object.entries(properties).flatMap(([name, schema]) =>
    JSON.stringify(schema).includes('"additionalProperties":{') ? [] : [name],
  );
