import Koa from 'koa';
import type { Metrics } from '../http/metrics.ts';

/** What the operations listener asks about. */
export interface OpsParts {
  metrics: Metrics;
  /** Resolves when requests can be served (the store answers); rejects otherwise. */
  ready(): Promise<void>;
  /** Whether the process is on its way out. */
  draining(): boolean;
}

/** A probe that gets no answer counts as a failed one, and probes come every few seconds. */
const patience = 2000;

async function within(milliseconds: number, work: Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds);
  try {
    await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function readiness({ ready, draining }: OpsParts): Promise<'ready' | 'draining' | 'unavailable'> {
  if (draining()) return 'draining';
  try {
    await within(patience, ready());
    return 'ready';
  } catch {
    // The probe's caller learns that we are not ready; the cause is logged where a request fails for it.
    return 'unavailable';
  }
}

/**
 * Health and metrics, on a listener of their own. `/health/live` only says that the process answers (an outage of the
 * store is no reason to be restarted); `/health/ready` says whether requests should come here.
 */
export function ops(parts: OpsParts): Koa {
  const app = new Koa();
  app.silent = true;
  app.use(async (ctx) => {
    ctx.set('Cache-Control', 'no-store');
    ctx.set('X-Content-Type-Options', 'nosniff');
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') {
      ctx.set('Allow', 'GET, HEAD');
      ctx.status = 405;
    } else if (ctx.path === '/health/live') {
      ctx.body = { status: 'live' };
    } else if (ctx.path === '/health/ready') {
      const status = await readiness(parts);
      ctx.status = status === 'ready' ? 200 : 503;
      ctx.body = { status };
    } else if (ctx.path === '/metrics') {
      const { type, body } = await parts.metrics.text();
      ctx.type = type;
      ctx.body = body;
    }
  });
  return app;
}
