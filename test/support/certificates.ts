import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryPath } from './temporary.ts';

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
