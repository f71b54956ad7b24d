import { X509Certificate } from 'node:crypto';
import type { Connection, LdapConnection, OidcConnection, SamlConnection, Surroundings } from './connection.ts';
import { Refused, refused, type Trace } from './connector.ts';
import type { Recorder } from './report.ts';

/**
 * What can be known of a provider before anybody signs in: what it says of itself, and whether it can be asked. The secrets
 * in the settings are in clear. Throws `refused` for what no sign-in would get past.
 */
export async function examine(settings: Connection, around: Surroundings, recorder: Recorder): Promise<void> {
  if (settings.kind === 'oidc') await discovery(settings, around, recorder);
  else if (settings.kind === 'saml') metadata(settings, around, recorder);
  else await directory(settings, around, recorder);
}

async function discovery(settings: OidcConnection, around: Surroundings, trace: Trace): Promise<void> {
  // Loaded when it is needed, as the connectors are.
  const { providerOf } = await import('./oidc-discovery.ts');
  const provider = providerOf(settings, around);
  const found = await provider.metadata();
  trace.received('what the provider says of itself', found);
  trace.passed('discovery document', found.issuer);
  const { keys } = await provider.keys();
  const names = keys.map(({ kid, kty }) => `${kid ?? 'without id'} (${kty})`).join(', ');
  trace.received('keys of the provider', names === '' ? 'none' : names);
  if (keys.length > 0) return trace.passed('keys can be read', `${keys.length}`);
  throw refused({
    reason: 'unknown_key',
    check: 'keys can be read',
    came: 'none',
    wanted: 'at least one key',
    advice: 'Publish the keys that sign ID tokens at the jwks_uri of the discovery document',
  });
}

const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();

function metadata(settings: SamlConnection, around: Surroundings, trace: Trace): void {
  const { entityIds, signOn, signOut, metadataUrl, validUntil } = settings;
  const places = (all: SamlConnection['signOn']) => all.map(({ binding, location }) => `${binding}: ${location}`);
  trace.received('metadata', {
    entity_ids: entityIds,
    sign_on: places(signOn),
    sign_out: places(signOut),
    read_from: metadataUrl ?? 'a file',
    valid_until: validUntil === undefined ? 'not said' : iso(validUntil),
  });
  const now = around.now() * 1000;
  const ends = settings.certificates.map((pem) => certificate(pem, trace));
  const last = Math.max(...ends);
  const until = `until ${new Date(last).toISOString()}`;
  if (last <= now) {
    throw refused({
      reason: 'certificate_expired',
      check: 'a signing certificate is in force',
      came: until,
      wanted: 'a certificate that has not expired',
      advice:
        'Renew the signing certificate at the provider, and read its metadata again: sallyport connection refresh',
    });
  }
  trace.passed('a signing certificate is in force', until);
}

/** When it ends (milliseconds); tells the trace about it. */
function certificate(pem: string, trace: Trace): number {
  const { subject, fingerprint256, validFrom, validTo } = new X509Certificate(pem);
  const [from, until] = [new Date(validFrom), new Date(validTo)];
  trace.received('signing certificate', {
    subject: subject.replaceAll('\n', ', '),
    sha256: fingerprint256,
    from: from.toISOString(),
    until: until.toISOString(),
  });
  return until.getTime();
}

/** One server that cannot be used does not keep people out as long as another can. */
async function directory(settings: LdapConnection, around: Surroundings, recorder: Recorder): Promise<void> {
  const { checkDirectory } = await import('./ldap.ts');
  try {
    await checkDirectory(settings, around, recorder);
  } catch (error) {
    const works = recorder.steps.some((step) => 'check' in step && step.check === 'filter' && step.passed);
    if (!(error instanceof Refused) || !works) throw error;
    recorder.failed(error.refusal);
  }
}
