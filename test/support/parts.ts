import { Trail } from '../../src/audit/trail.ts';
import { Clients } from '../../src/clients/clients.ts';
import { Registrars } from '../../src/clients/registrars.ts';
import { Access } from '../../src/directory/access.ts';
import { Decide } from '../../src/directory/decide.ts';
import { Groups } from '../../src/directory/groups.ts';
import { Organizations } from '../../src/directory/organizations.ts';
import { administered, type Guard } from '../../src/directory/protected.ts';
import { Rights } from '../../src/directory/rights.ts';
import { Users } from '../../src/directory/users.ts';
import { Attempts } from '../../src/factors/attempts.ts';
import { Devices } from '../../src/factors/devices.ts';
import { EnrolmentCodes } from '../../src/factors/enrolment-codes.ts';
import { Enrolments } from '../../src/factors/enrolments.ts';
import { MfaPolicies, type Rules } from '../../src/factors/policies.ts';
import { RelyingParty } from '../../src/factors/webauthn.ts';
import { Demands } from '../../src/signin/demands.ts';
import { openStore } from '../../src/store/index.ts';
import { openKeyring } from '../../src/store/keyring.ts';
import { storeUrl } from './store.ts';

/** The capabilities on a fresh store of the kind under test, without the protocol and HTTP. */
export type Parts = Awaited<ReturnType<typeof openParts>>;

/** What the configuration asks of everybody, unless it says otherwise. */
export const usualRules: Rules = { secondFactor: 'if-enrolled', level: '2fa', grace: 0, remember: 30 * 86_400 };

/** The public address of these parts: security keys are bound to it. */
export const issuer = 'https://id.example.test';

/** Opens a fresh store and everything on it; `url` opens a known one a second time, as another process would. */
export async function openParts(url?: string, mdsFile?: string, timeoutMs?: number) {
  const place = url ?? (await storeUrl());
  const store = await openStore(place, timeoutMs === undefined ? {} : { timeoutMs });
  const vault = await openKeyring(store, Buffer.alloc(32, 7));
  const trail = new Trail(store, vault);
  const access = new Access(store, trail);
  const groups = new Groups({ store, trail, forget: (subject, actor) => access.forget(subject, actor) });
  const organizations = new Organizations({
    ...{ store, trail },
    forget: (id, actor) => access.forgetOrganization(id, actor),
    left: async () => undefined,
    // Domains and connections by their names: those of connections are another part's.
    federation: {
      domainName: (text) => (/^[a-z.]+$/.test(text) ? text : undefined),
      speaker: async (domain) => domain.split('.')[0],
      hasConnection: async (id) => id !== 'nowhere',
    },
  });
  const guard: Guard = (deed, undo) => administered({ access, groups, users, clients }, deed, undo);
  const users = new Users(store, trail, undefined, guard);
  const clients = new Clients(store, vault, trail, { guard });
  const decide = new Decide({ access, groups, organizations });
  const relyingParty = new RelyingParty({ issuer, mdsFile });
  const mfaPolicies = new MfaPolicies(store, trail, usualRules);
  return {
    url: place,
    store,
    trail,
    access,
    groups,
    organizations,
    decide,
    rights: new Rights({ access, groups, organizations, decide, users, clients }),
    users,
    clients,
    registrars: new Registrars(store, vault, trail),
    attempts: new Attempts(store, vault),
    enrolmentCodes: new EnrolmentCodes({ store, vault, trail }),
    enrolments: new Enrolments({ store, vault, trail, issuer, relyingParty: async () => relyingParty }),
    devices: new Devices({ store, vault, trail }),
    mfaPolicies,
    demands: new Demands({ store, policies: mfaPolicies, decide, console: '1fa' }),
    close: () => store.close(),
  };
}

/** Whether an error is a Problem with this code whose sentence matches; for `assert.rejects` and `assert.throws`. */
export const refusal = (code: string, sentence: RegExp = /./) => ({ name: 'Problem', code, message: sentence });
