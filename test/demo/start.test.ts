import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { type Cli, cli } from '../support/cli.ts';
import { basic, post } from '../support/oauth.ts';
import { freePort } from '../support/ports.ts';

const launcher = join(import.meta.dirname, '../../bin/sallyport.js');
let sallyport: Cli;
let issuer: string;
let running: ChildProcess | undefined;

/** Starts the server as `npm start` does, and gives the lines that are for people, up to the last one. */
async function start(): Promise<string> {
  const child = spawn(process.execPath, [launcher, 'start'], { cwd: sallyport.directory, env: sallyport.environment });
  running = child;
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith('{')) said.push(line);
    if (line.includes('npx sallyport demo') && !line.includes('curl')) break;
  }
  child.stdout.resume();
  return said.join('\n');
}

async function stop(): Promise<void> {
  const child = running;
  running = undefined;
  if (child?.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

before(async () => {
  const port = await freePort();
  issuer = `http://localhost:${port}`;
  sallyport = await cli({ SALLYPORT_PORT: String(port), SALLYPORT_ISSUER: issuer, SALLYPORT_OPS_PORT: '0' });
});
after(stop);

/** What curl would send: the credentials of `-u`, the form of `-d`, and the address. */
function asked(command: string) {
  const [, id = '', secret = ''] = /-u "([^:"]+):([^"]*)"/.exec(command) ?? [];
  const form = Object.fromEntries(
    [...command.matchAll(/-d "?([\w]+)=([^\s"]+)/g)].map(([, name, value]) => [name, value]),
  );
  const [, address = ''] = / (http\S+)$/.exec(command) ?? [];
  return { credentials: { client_id: id, client_secret: secret }, form, address };
}

describe('npm start on an empty store', () => {
  let said: string;
  before(async () => {
    said = await start();
  });

  it('prints a command for a first token and one for its introspection, ready to paste', async () => {
    const [token = '', , introspection = ''] = said.split('\n').filter((line) => line.includes('curl'));
    const first = asked(token.trim());
    const issued = await post(first.address, first.form, basic(first.credentials));
    assert.equal(issued.status, 200);
    const second = asked(introspection.trim());
    assert.equal(second.form.token, '$TOKEN');
    const told = await post(second.address, { token: issued.body.access_token }, basic(second.credentials));
    assert.deepEqual(
      [told.body.active, told.body.client_id, told.body.roles],
      [true, 'demo-service', ['orders-reader']],
    );
  });

  it('prints a link that begins a sign-in, and the command that redeems its code', async () => {
    const link = said.split('\n').find((line) => line.includes('/oauth2/authorize?')) ?? '';
    const answer = await fetch(link.trim(), { redirect: 'manual' });
    assert.equal(answer.status, 303);
    assert.match(answer.headers.get('location') ?? '', /\/signin\//);
    const { form, credentials } = asked(
      said
        .split('\n')
        .findLast((line) => line.includes('curl'))
        ?.trim() ?? '',
    );
    assert.deepEqual([form.grant_type, form.code, credentials.client_id], ['authorization_code', '$CODE', 'demo-web']);
    assert.match(form.code_verifier ?? '', /^[\w-]{43}$/);
  });

  it('prints secrets and passwords this once; later starts say where they are', async () => {
    const demo = await sallyport.json<{
      clients: Record<string, { client_secret: string }>;
      users: Record<string, { password: string }>;
    }>(['demo']);
    const secrets = [
      ...Object.values(demo.clients).map(({ client_secret }) => client_secret),
      ...Object.values(demo.users).map(({ password }) => password),
    ];
    for (const secret of secrets) assert.ok(said.includes(secret));
    await stop();
    const again = await start();
    for (const secret of secrets) assert.ok(!again.includes(secret));
    assert.match(again, /-u "demo-service:\$\(npx sallyport demo --secret demo-service\)"/);
  });
});

describe('sallyport beside a running server', () => {
  it('changes what the server does, soon', async () => {
    const { client_secret } = await sallyport.json(['client', 'add', 'beside', '--grant', 'client_credentials']);
    const credentials = basic({ client_id: 'beside', client_secret: String(client_secret) });
    const token = () => post(`${issuer}/oauth2/token`, { grant_type: 'client_credentials' }, credentials);
    assert.equal((await token()).status, 200);
    await sallyport.json(['client', 'suspend', 'beside']);
    let last = await token();
    // That it never does ends in the limit of a test: a busy machine may take longer than the second that is promised.
    while (last.status === 200) last = await token();
    assert.equal(last.body.error, 'unauthorized_client');
  });
});
