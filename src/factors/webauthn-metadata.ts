import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { MetadataService } from '@simplewebauthn/server';
import { verifyMDSBlob } from '@simplewebauthn/server/helpers';
import { Problem } from '../kernel/errors.ts';

type Entry = Awaited<ReturnType<typeof verifyMDSBlob>>['payload']['entries'][number];

/** What is not trusted any more, whatever else is said of it (FIDO Metadata Service §3.1.4). */
const untrusted = new Set<string>([
  'REVOKED',
  'USER_VERIFICATION_BYPASS',
  'ATTESTATION_KEY_COMPROMISE',
  'USER_KEY_REMOTE_COMPROMISE',
  'USER_KEY_PHYSICAL_COMPROMISE',
]);

/** The root under which FIDO's certificate is has many others, so the name counts too (FIDO Metadata Service §3.2). */
const signer = 'mds.fidoalliance.org';

function signerOf(blob: string): X509Certificate {
  const header: { x5c?: string[] } = JSON.parse(Buffer.from(blob.split('.')[0] ?? '', 'base64url').toString());
  return new X509Certificate(Buffer.from(header.x5c?.[0] ?? '', 'base64'));
}

const unusable = (cause: unknown): Problem =>
  new Problem({
    code: 'fido_metadata',
    status: 503,
    sentence:
      'Security keys cannot be set up right now: the file of the FIDO Metadata Service cannot be read or is not genuine; the operator has to download it again',
    cause,
  });

/** The authenticators that the FIDO Metadata Service lists: its file, which the operator downloads, checked up to FIDO's root. */
export class ListedAuthenticators {
  readonly #file: string;
  #read: { changed: number; entries: Promise<ReadonlyMap<string, Entry>> } | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  /**
   * Whether the list has this authenticator, and no report of it that says not to trust it. From then on the library holds
   * attestations against what the list says. Throws `fido_metadata` when the file is unusable.
   */
  async trusts(aaguid: string): Promise<boolean> {
    const entry = (await this.#entries()).get(aaguid);
    return entry?.metadataStatement !== undefined && !entry.statusReports.some(({ status }) => untrusted.has(status));
  }

  async #entries(): Promise<ReadonlyMap<string, Entry>> {
    try {
      const { mtimeMs: changed } = await stat(this.#file);
      if (this.#read?.changed !== changed) this.#read = { changed, entries: this.#load() };
      return await this.#read.entries;
    } catch (error) {
      this.#read = undefined;
      throw unusable(error);
    }
  }

  async #load(): Promise<ReadonlyMap<string, Entry>> {
    const blob = (await readFile(this.#file, 'utf8')).trim();
    if (signerOf(blob).checkHost(signer) === undefined) throw new Error(`the file is not signed by ${signer}`);
    const { payload, statements } = await verifyMDSBlob(blob);
    await MetadataService.initialize({ mdsServers: [], statements, verificationMode: 'strict' });
    return new Map(payload.entries.flatMap((entry) => (entry.aaguid ? [[entry.aaguid, entry] as const] : [])));
  }
}
