import type { AuditEvent } from '../../src/audit/trail.ts';
import { password } from './account.ts';
import type { TestApp } from './app.ts';

const long = 'A remarkably long name of something that somebody set up a while ago';

/** Somebody with an address as long as they come, and fifty of everything that the account pages list; answers the address. */
export async function crowded(app: TestApp): Promise<string> {
  const email = 'a.person.with.a.really.long.address@department.of.something.example.test';
  const { access, clients, identities, records, trail, users } = app.parts;
  const profile = { name: 'Wolfeschlegelsteinhausenbergerdorff '.repeat(4).trim(), zoneinfo: 'Asia/Tokyo' };
  const { id } = await users.add({ email, password, emailVerified: false, profile }, 'cli');
  const actor = `user:${id}`;
  await access.assign(actor, 'orders-editor', 'cli');
  for (let count = 0; count < 50; count += 1) {
    const at = 1_700_000_000 + count * 3600;
    const client = `client-with-a-long-id-${count}`;
    const metadata = { redirect_uris: ['http://localhost:8080/callback'] };
    await clients.add({ id: client, name: `${long} ${count}`, metadata }, 'cli');
    const resources = {
      'https://api.example.test/orders':
        'openid orders:read orders:write a_wordwithoutanyspaceinitthatisverylongindeed:manage',
    };
    const payload = {
      kind: 'Grant',
      jti: `g${count}`,
      accountId: id,
      clientId: client,
      iat: at,
      openid: { scope: 'openid profile' },
      resources,
    };
    await records.grants.put({ id: `g${count}`, payload, account: id, client }, 3600);
    await identities.link(
      {
        connection: count === 0 ? 'corp' : `gone-${count}`,
        subject: `s${count}`,
        user: id,
        origin: false,
        label: email,
      },
      { actor, ip: '2001:db8:1111:2222:3333:4444:5555:6666', requestId: 'r' },
    );
    const event = {
      type: 'factor.added',
      actor,
      target: actor,
      ip: '2001:db8:1111:2222:3333:4444:5555:6666',
      detail: { kind: 'webauthn', name: long },
    };
    await trail.record(event as AuditEvent);
  }
  return email;
}

/** More sessions of somebody, after one that is open, as the library keeps them. */
export async function moreSessions(app: TestApp, email: string, many: number): Promise<void> {
  const { records, users } = app.parts;
  const account = (await users.byEmail(email))?.id ?? '';
  const [open] = await records.sessions.find({ account });
  if (!open) throw new Error('there is no session to copy');
  const copy = async (count: number) => {
    const [jti, uid] = [`session-${count}`, `uid-${count}`];
    const id = records.idOf('Session', jti);
    const sealed = records.seal(id, { ...records.open(open), uid, jti });
    await records.sessions.put({ id, account, uid: records.idOf('Session uid', uid), sealed }, 3600);
  };
  await Promise.all(Array.from({ length: many }, (_, count) => copy(count)));
}
