import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { kept, type Program, run } from './program.ts';

const project = join(import.meta.dirname, 'oauth2-proxy');
const sum = createHash('sha256')
  .update(readFileSync(join(project, 'go.sum')))
  .digest('hex')
  .slice(0, 12);
const program = kept(`oauth2-proxy-${sum}`, 'oauth2-proxy');

/** Builds oauth2-proxy with Go from the module beside this file, once. Throws with a plain sentence when that cannot be. */
export async function bringOauth2Proxy(): Promise<string> {
  if (existsSync(program)) return program;
  const beside = `${program}-${process.pid}`;
  mkdirSync(dirname(program), { recursive: true });
  const args = ['build', '-mod=readonly', '-o', beside, 'github.com/oauth2-proxy/oauth2-proxy/v7'];
  try {
    await promisify(execFile)('go', args, { cwd: project, maxBuffer: 16 << 20 });
    renameSync(beside, program);
  } catch (cause) {
    if (existsSync(program)) return program;
    throw new Error('oauth2-proxy could not be built: Go 1.23 or newer must be able to fetch its modules', { cause });
  }
  return program;
}

/** Starts oauth2-proxy on the `oauth2-proxy.cfg` in this directory. */
export async function startOauth2Proxy(home: string, port: number): Promise<Program> {
  const env = { OAUTH2_PROXY_COOKIE_SECRET: 'a cookie secret of this test 32B!'.slice(0, 32) };
  return run(await bringOauth2Proxy(), ['--config', join(home, 'oauth2-proxy.cfg')], { port, env, cwd: home });
}
