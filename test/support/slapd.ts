import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Certificate, makeCertificate } from './certificates.ts';
import { answers, freePort } from './ports.ts';
import { temporaryPath } from './temporary.ts';

const program = '/usr/sbin/slapd';
const tools = ['/usr/bin/ldapadd', '/usr/bin/openssl'];
const installed = (): boolean => [program, ...tools].every((path) => existsSync(path));

/** Installs the directory server (Debian package slapd) where we may, and answers its path. Throws when there is none. */
export function bringSlapd(): string {
  // RUNLEVEL keeps the package from starting a directory of its own.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const apt = (...args: string[]) => spawnSync('apt-get', args, { stdio: 'ignore', env });
  if (!installed() && process.getuid?.() === 0 && apt('--version').status === 0) {
    apt('update');
    apt('install', '-y', '--no-install-recommends', 'slapd', 'ldap-utils', 'openssl');
  }
  if (installed()) return program;
  throw new Error('slapd is not installed; install the packages slapd, ldap-utils and openssl');
}

/** A running directory for the suffix `dc=example,dc=test`, and a large one without memberOf at `dc=many,dc=test`. */
export interface Directory {
  ldap: string;
  ldaps: string;
  /** Its port for StartTLS. */
  port: number;
  authority: Certificate;
  /** Changes entries (LDIF). */
  change(ldif: string): void;
  stop(): Promise<void>;
}

/** The account that may search. */
export const service = { dn: 'cn=service,dc=example,dc=test', password: 'service secret' };

const root = { dn: 'cn=root,dc=example,dc=test', password: 'root secret' };

const configuration = (home: string, server: Certificate, authority: Certificate) => `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile ${home}/slapd.pid
TLSCACertificateFile ${authority.certificateFile}
TLSCertificateFile ${server.certificateFile}
TLSCertificateKeyFile ${server.keyFile}
access to attrs=userPassword by anonymous auth by * none
access to dn.subtree="ou=closed,dc=example,dc=test" by * none
access to * by * read

database mdb
suffix "dc=many,dc=test"
rootdn "cn=root,dc=many,dc=test"
directory ${home}/many
maxsize 104857600
index objectClass,uid,member,uniqueMember eq
limits dn.exact="${service.dn}" size=unlimited

database mdb
suffix "dc=example,dc=test"
rootdn "${root.dn}"
rootpw "${root.password}"
directory ${home}/example
maxsize 104857600
index objectClass,uid,mail,member,uniqueMember eq
overlay memberof
`;

/** Starts slapd on free ports of 127.0.0.1 with these entries (LDIF); `many` is loaded into the large directory. */
export async function startSlapd(people: string, many = ''): Promise<Directory> {
  bringSlapd();
  const file = temporaryPath('slapd.conf');
  const home = dirname(file);
  for (const name of ['many', 'example']) mkdirSync(join(home, name), { recursive: true });
  const authority = makeCertificate('Directory authority');
  const server = makeCertificate('directory', { names: 'IP:127.0.0.1,DNS:directory.example.test', by: authority });
  writeFileSync(file, configuration(home, server, authority));
  if (many !== '')
    execFileSync('slapadd', ['-q', '-f', file, '-b', 'dc=many,dc=test'], {
      input: many,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
  const [port, securePort] = [await freePort(), await freePort()];
  const [ldap, ldaps] = [`ldap://127.0.0.1:${port}`, `ldaps://127.0.0.1:${securePort}`];
  const child = spawn(program, ['-d', '0', '-f', file, '-h', `${ldap}/ ${ldaps}/`], { stdio: 'ignore' });
  process.once('exit', () => child.kill('SIGKILL'));
  await answers(port, child, () => 'slapd').catch((error: unknown) => {
    child.kill('SIGKILL');
    throw error;
  });
  const env = { ...process.env, LDAPTLS_CACERT: authority.certificateFile };
  const change = (ldif: string, ...more: string[]) => {
    const args = ['-x', '-ZZ', '-H', ldap, '-D', root.dn, '-w', root.password, ...more];
    const { status, stderr } = spawnSync('ldapmodify', args, { input: ldif, env, encoding: 'utf8' });
    if (status === 0) return;
    child.kill('SIGKILL');
    throw new Error(`ldapmodify: ${stderr}`);
  };
  change(people, '-a');
  const stop = async () => {
    const ended = once(child, 'exit');
    if (child.exitCode === null && child.kill('SIGTERM')) await ended;
  };
  return { ldap, ldaps, port, authority, change, stop };
}
