import type { Middleware } from 'koa';
import type { Connections } from '../federation/connections.ts';
import { wrongMethod } from '../http/edge.ts';
import { missing } from '../kernel/errors.ts';

/**
 * What a SAML provider has to know of us, with keys that are made when it is first read. Also of a connection that is
 * switched off: the provider is usually set up first.
 */
export const federationMetadata =
  (connections: Connections): Middleware =>
  async (ctx, next) => {
    const [, id] = /^\/federation\/([a-z0-9-]{1,50})\/metadata$/.exec(ctx.path) ?? [];
    if (id === undefined) return next();
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') {
      ctx.set('Allow', 'GET, HEAD');
      throw wrongMethod(ctx.method);
    }
    const connection = await connections.get(id);
    if (connection?.kind !== 'saml') throw missing('This connection');
    const { ourMetadata } = await import('../federation/saml-metadata.ts');
    ctx.body = await ourMetadata(connection, connections.around(connection));
    ctx.type = 'application/samlmetadata+xml';
    return undefined;
  };
