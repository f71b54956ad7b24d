import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { install, type Program, run } from './program.ts';

const program = '/usr/sbin/apache2';
const modules = '/usr/lib/apache2/modules';
const oidc = join(modules, 'mod_auth_openidc.so');

/** Installs Apache with mod_auth_openidc (Debian packages) where we may. Throws with a plain sentence when there is none. */
export function bringApache(): string {
  if (!existsSync(program) || !existsSync(oidc)) install('apache2', 'libapache2-mod-auth-openidc');
  if (existsSync(program) && existsSync(oidc)) return program;
  throw new Error('Apache is not installed; install the packages apache2 and libapache2-mod-auth-openidc');
}

const needed = ['mpm_event', 'authn_core', 'authz_core', 'headers', 'proxy', 'proxy_http', 'auth_openidc'];

const main = (home: string) => `ServerRoot ${home}
ServerName localhost
PidFile ${home}/apache.pid
DefaultRuntimeDir ${home}
Mutex file:${home} default
ErrorLog ${home}/error.log
LogLevel warn
${process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : ''}
${needed.map((name) => `LoadModule ${name}_module ${join(modules, `mod_${name}.so`)}`).join('\n')}
Include ${home}/sallyport.conf
`;

/** Starts Apache on the `sallyport.conf` in this directory. */
export async function startApache(home: string, port: number): Promise<Program> {
  const path = bringApache();
  mkdirSync(home, { recursive: true });
  // Its workers are not root, and have to reach the certificates of the tests by name.
  chmodSync(dirname(home), 0o711);
  writeFileSync(join(home, 'apache.conf'), main(home));
  return run(path, ['-DFOREGROUND', '-f', join(home, 'apache.conf')], {
    port,
    cwd: home,
    log: join(home, 'error.log'),
  });
}
