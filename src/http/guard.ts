import type Koa from 'koa';
import { course } from '../kernel/log.ts';
import type { Edge } from './edge.ts';
import { protect } from './headers.ts';
import { pinOrigin } from './origin.ts';

/**
 * The first middleware after `problems`: says who is calling (`ctx.state.ip`) and names the request
 * (`ctx.state.requestId`), refuses what is not meant for us or is too much, and puts the security headers on. It also
 * pins scheme and host of every URL the app builds to the issuer's, whatever headers say (see origin.ts).
 */
export function guard(app: Koa, edge: Edge): Koa.Middleware {
  const { attempts, inFlight } = edge;
  pinOrigin(app, edge.issuer, edge.hosts);
  return async (ctx, next) => {
    const { req, res, path } = ctx;
    const visit = edge.visit(req, path);
    ctx.state.ip = visit.ip;
    ctx.state.requestId = visit.requestId;
    ctx.request.ip = visit.ip;
    res.setHeader('X-Request-ID', visit.requestId);
    protect(res, edge.headersFor(path));
    edge.admit(req, res, visit);
    const overflow = edge.boundBody(req, path);
    const place = inFlight.enter(req);
    const failed = () =>
      attempts.count(visit, req.headers.authorization, ctx.state.clientId ?? ctx.oidc?.body?.client_id);
    const answering = () => course.run({ ip: visit.ip, requestId: visit.requestId }, next);
    try {
      await (overflow ? Promise.race([answering(), overflow]) : answering());
    } catch (error) {
      if (error instanceof Error && 'status' in error && error.status === 401) ctx.status = 401;
      if (ctx.status === 401) failed();
      throw error;
    } finally {
      inFlight.leave(place);
    }
    if (ctx.status === 401) failed();
  };
}
