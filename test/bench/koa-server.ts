import { once } from 'node:events';
import { createServer } from 'node:http';
import { parse } from 'node:querystring';
import { text } from 'node:stream/consumers';
import Koa from 'koa';

/**
 * The floor: Koa parses the form of an introspection and answers JSON of the size of an introspection, and knows nothing.
 * The answer comes as the first argument, so that it has the size of the real one.
 */
const answer: unknown = JSON.parse(process.argv[2] ?? '{"active":true}');

const koa = new Koa();
koa.use(async (ctx) => {
  const form = parse(await text(ctx.req));
  if (ctx.method !== 'POST' || typeof form.token !== 'string') ctx.throw(400);
  ctx.body = answer;
});

const server = createServer(koa.callback());
server.keepAliveTimeout = 65_000;
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
process.stdout.write(`listening on ${typeof address === 'object' ? address?.port : address}\n`);
