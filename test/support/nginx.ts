import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { install, type Program, run } from './program.ts';

const program = '/usr/sbin/nginx';
const njs = '/usr/lib/nginx/modules/ngx_http_js_module.so';

/** Installs NGINX with njs (Debian packages) where we may. Throws with a plain sentence when there is none. */
export function bringNginx(): string {
  if (!existsSync(program) || !existsSync(njs)) install('nginx', 'libnginx-mod-http-js');
  if (existsSync(program) && existsSync(njs)) return program;
  throw new Error('NGINX is not installed; install the packages nginx and libnginx-mod-http-js');
}

const main = (home: string) => `load_module ${njs};
${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
worker_processes 1;
pid ${home}/nginx.pid;
error_log stderr warn;
events {}
http {
  access_log off;
  client_body_temp_path ${home}/body;
  proxy_temp_path ${home}/proxy;
  fastcgi_temp_path ${home}/fastcgi;
  uwsgi_temp_path ${home}/uwsgi;
  scgi_temp_path ${home}/scgi;
  include ${home}/sallyport.conf;
}
`;

/** Starts NGINX on the `sallyport.conf` in this directory. */
export async function startNginx(home: string, port: number): Promise<Program> {
  const path = bringNginx();
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'nginx.conf'), main(home));
  return run(path, ['-p', home, '-c', join(home, 'nginx.conf'), '-e', 'stderr'], { port, cwd: home });
}
