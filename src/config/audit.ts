import { z } from 'zod';
import { checked } from './values.ts';

/** `udp://`, `tcp://` or `tls://` with a host; ports are those of RFC 5426, 6587 and 5425 where none is said. */
const isSyslog = (text: string): string | undefined => {
  const url = /^(?:udp|tcp|tls):\/\/[^/?#@]+$/.test(text) ? URL.parse(text) : null;
  return url && url.hostname !== '' ? undefined : 'must be udp://HOST:514, tcp://HOST:601 or tls://HOST:6514';
};

/** What becomes of the audit trail besides being kept. */
export const audit = z.strictObject({
  retentionDays: z.int().min(1).max(36_500).optional().meta({
    env: 'SALLYPORT_AUDIT_RETENTION_DAYS',
    description: 'Days after which events are removed; what is left still verifies, and the removal is an event itself',
    unset: 'they are kept for ever',
  }),
  syslog: checked(isSyslog).optional().meta({
    env: 'SALLYPORT_AUDIT_SYSLOG',
    description:
      '`udp://HOST:514`, `tcp://HOST:601` or `tls://HOST:6514`: where every event is sent (RFC 5424), those too that are there already; over tcp and tls each at least once, known by its id',
    unset: 'nowhere',
  }),
  syslogCertificateAuthority: z.string().min(1).optional().meta({
    env: 'SALLYPORT_AUDIT_SYSLOG_CERTIFICATE_AUTHORITY',
    description: 'File (PEM) with the authority that signed the certificate of a `tls://` receiver',
    unset: 'those that Node.js knows',
  }),
});
