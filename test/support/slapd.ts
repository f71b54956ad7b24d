import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
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

/** Files of a certificate, and their texts. */
export interface Certificate {
  certificate: string;
  key: string;
  certificateFile: string;
  keyFile: string;
}

/** Makes a certificate with openssl; without an authority it is one itself. `names` as in subjectAltName. */
export function makeCertificate(
  subject: string,
  { names = '', by, expired = false }: { names?: string; by?: Certificate; expired?: boolean } = {},
): Certificate {
  const keyFile = temporaryPath('key.pem');
  const home = dirname(keyFile);
  mkdirSync(home, { recursive: true });
  const certificateFile = join(home, 'certificate.pem');
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore', cwd: home });
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile];
  const asked = ['-subj', `/CN=${subject}`, ...fresh];
  if (by) {
    const file = join(home, 'request.pem');
    openssl('req', '-new', ...asked, '-addext', `subjectAltName=${names}`, '-out', file);
    writeFileSync(join(home, 'ca.conf'), authorityConfiguration);
    writeFileSync(join(home, 'issued'), '');
    const times = expired ? ['-startdate', '20200101000000Z', '-enddate', '20210101000000Z'] : ['-days', '2'];
    const signer = ['-config', 'ca.conf', '-cert', by.certificateFile, '-keyfile', by.keyFile];
    openssl('ca', '-batch', '-notext', ...signer, ...times, '-in', file, '-out', certificateFile);
  } else {
    openssl(
      'req',
      '-x509',
      ...asked,
      '-days',
      '2',
      '-addext',
      'basicConstraints=critical,CA:TRUE',
      '-out',
      certificateFile,
    );
  }
  const text = (path: string) => readFileSync(path, 'utf8');
  return { certificate: text(certificateFile), key: text(keyFile), certificateFile, keyFile };
}

const authorityConfiguration = `
[ca]
default_ca = ours
[ours]
database = issued
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
`;

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
  await answers(port, child).catch((error: unknown) => {
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

/** A port that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}

async function answers(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (child.exitCode !== null) throw new Error(`slapd has ended with ${child.exitCode}`);
    const socket = connect(port, '127.0.0.1');
    const open = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (open) return;
    await wait(50);
  }
  throw new Error('slapd does not answer');
}
