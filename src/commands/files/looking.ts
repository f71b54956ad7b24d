import { ConfigProblems } from '../../config/problems.ts';
import type { Desk } from '../desk.ts';
import type { Found, Kind } from './kind.ts';
import { kinds } from './kinds.ts';
import { type Change, plan } from './plan.ts';
import type { Said } from './reading.ts';

/** What is there, with the secrets that the files name where the server has the same. */
async function look(desk: Desk, { kind, documents }: Said, all: boolean): Promise<Found[]> {
  const found = await kind.found(desk, { wanted: documents, all });
  const wanted = new Map(documents.map((one) => [kind.key(one), one]));
  return Promise.all(
    found.map(async (one) => {
      const document = { ...one.document };
      for (const name of kind.secrets ?? []) {
        const secret = wanted.get(one.key)?.[name];
        if (
          typeof secret === 'string' &&
          one.held?.includes(name) &&
          (await kind.fits?.(desk, one.address, name, secret))
        )
          document[name] = secret;
      }
      return { ...one, document };
    }),
  );
}

/** Throws ConfigProblems for what the files name and somebody else looks after. */
function refuseForeign(kind: Kind, { documents }: Said, found: readonly Found[]): void {
  const named = new Set(documents.map((one) => kind.key(one)));
  const foreign = found.filter((one) => one.foreign !== undefined && named.has(one.key));
  if (foreign.length === 0) return;
  throw new ConfigProblems(
    foreign.map((one) => ({ path: `${kind.noun} ${one.key}`, sentence: `${one.foreign}; leave it out` })),
  );
}

const isAbout = ({ document }: Found, client: string | undefined): boolean =>
  client !== undefined && (document.client_id ?? document.subject) === client;

/**
 * What has to be done so that everything is as the files say, in an order that works. `self` is the client that does it: it
 * never removes itself. Throws ConfigProblems for what files cannot change.
 */
export async function changesFor(desk: Desk, said: readonly Said[], prune: boolean, self?: string): Promise<Change[]> {
  const named = said
    .filter(({ kind }) => kind.name === 'users')
    .flatMap(({ kind, documents }) => documents.map(kind.key));
  const people = new Set(named);
  const changes: Change[] = [];
  for (const kind of kinds) {
    const one = said.find((other) => other.kind === kind);
    if (!one) continue;
    const found = await look(desk, one, prune && kind.operations.remove !== undefined);
    refuseForeign(kind, one, found);
    const spared = found.map((there) => (isAbout(there, self) ? { ...there, implied: true } : there));
    changes.push(...plan({ kind, wanted: one.documents, found: spared, prune, people }));
  }
  return changes;
}
