import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { temporaryPath } from './support/temporary.ts';

const root = join(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** The arguments of every instruction of this kind in the image's last stage. */
const stage =
  read('Dockerfile')
    .split(/^FROM /m)
    .at(-1) ?? '';
const instructions = (kind: string): string[] =>
  [...stage.matchAll(new RegExp(`^${kind} (.*)$`, 'gm'))].map(([, rest = '']) => rest);

const copied = instructions('COPY')
  .filter((rest) => !rest.startsWith('--from'))
  .flatMap((rest) => rest.split(' ').slice(0, -1));

/** The words of a command in exec form: `["node", "-e", "…"]`. */
const words = (text = ''): string[] => JSON.parse(text.slice(text.indexOf('[')));

describe('the image', () => {
  it('runs as an ordinary user, given by number so that an orchestrator can tell', () => {
    assert.deepEqual(instructions('USER'), ['1000:1000']);
  });

  it('lets into the build what it copies and nothing else', () => {
    const admitted = [...read('.dockerignore').matchAll(/^!(.+)$/gm)].map(([, path]) => path);
    assert.match(read('.dockerignore'), /^\*$/m);
    assert.deepEqual([...admitted].sort(), [...copied, 'package-lock.json'].sort());
  });

  it('copies enough to run, and refuses the defaults of development', () => {
    const place = temporaryPath('image');
    mkdirSync(place, { recursive: true });
    for (const path of copied) cpSync(join(root, path), join(place, path), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(place, 'node_modules'));
    const [, ...args] = words(instructions('CMD').at(-1));
    assert.deepEqual(args, ['--max-semi-space-size=8', '--max-old-space-size=320', 'bin/sallyport.js', 'start']);
    const { status, stderr } = spawnSync(process.execPath, ['bin/sallyport.js', 'config', 'check'], {
      cwd: place,
      env: { NODE_ENV: 'production' },
      encoding: 'utf8',
    });
    assert.equal(status, 2, stderr);
    assert.match(stderr, /^issuer: .*\n[\s\S]*^masterKey: /m);
  });

  for (const [status, expected] of [
    [200, 0],
    [503, 1],
  ]) {
    it(`calls itself ${expected === 0 ? 'healthy' : 'unhealthy'} when /health/live answers ${status}`, async () => {
      const asked: (string | undefined)[] = [];
      const server = createServer((request, response) => {
        asked.push(request.url);
        response.writeHead(status ?? 0).end();
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      const port = typeof address === 'object' ? address?.port : undefined;
      const [, ...args] = words(instructions('HEALTHCHECK').at(-1));
      const check = spawn(process.execPath, args, { env: { SALLYPORT_OPS_PORT: String(port) }, stdio: 'inherit' });
      const [code] = await once(check, 'exit');
      server.close();
      assert.deepEqual([code, asked], [expected, ['/health/live']]);
    });
  }
});

describe('compose.yaml', () => {
  const { services, secrets } = parse(read('compose.yaml'), { merge: true });
  const members = Object.keys(services).filter((name) => /^mongo-\d$/.test(name));

  it('runs Sallyport without a writable root, without rights, and watched', () => {
    const { sallyport } = services;
    assert.equal(sallyport.user, '1000:1000');
    assert.equal(sallyport.read_only, true);
    assert.deepEqual([sallyport.cap_drop, sallyport.security_opt], [['ALL'], ['no-new-privileges:true']]);
    assert.match(sallyport.healthcheck.test.join(' '), /127\.0\.0\.1:9090\/health\/ready/);
    assert.deepEqual(sallyport.ports, ['127.0.0.1:3000:3000']);
  });

  it('waits for a replica set of three members that know one another by a key file', () => {
    assert.equal(members.length, 3);
    for (const name of members) {
      assert.match(services[name].entrypoint.join(' '), /mongod --replSet rs0 .*--keyFile /);
      assert.deepEqual(services[name].networks, ['inside']);
      assert.equal(services['mongo-init'].depends_on[name].condition, 'service_healthy');
    }
    assert.match(services['mongo-init'].entrypoint.join(' '), /rs\.initiate/);
    assert.equal(services.sallyport.depends_on['mongo-init'].condition, 'service_completed_successfully');
  });

  it('starts MongoDB with scripts that bash understands', () => {
    for (const name of [...members, 'mongo-init']) {
      const script: string = services[name].entrypoint.at(-1).replaceAll('$$', '$');
      assert.equal(spawnSync('bash', ['-n', '-c', script], { stdio: 'inherit' }).status, 0);
    }
  });

  it('keeps every secret in a file that git ignores', () => {
    for (const { file } of Object.values<{ file: string }>(secrets)) assert.match(file, /^\.\/secrets\//);
    assert.match(read('.gitignore'), /^secrets\/$/m);
    const used = Object.values<{ secrets?: string[] }>(services).flatMap((service) => service.secrets ?? []);
    assert.deepEqual([...new Set(used)].sort(), Object.keys(secrets).sort());
  });
});
