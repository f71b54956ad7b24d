import type { Trail } from '../audit/trail.ts';
import { invalid, missing, Problem } from '../kernel/errors.ts';
import { type Collection, type Entity, type Page, type Store, taken } from '../store/port.ts';
import { whole } from '../store/whole.ts';
import { type Joining, lasts, type Membership, Memberships } from './memberships.ts';
import { observed } from './observed.ts';
import { checkedName, checkedTitle, noDomain } from './terms.ts';

/** A customer, partner or department whose people have roles of their own within it. */
export interface Organization extends Entity {
  /** For people to read. */
  readonly name: string;
  /** Each belongs to no other organisation, and counts while it is verified for one of the connections. */
  readonly domains: readonly string[];
  /** Whoever signs in through one of them is a member; none belongs to another organisation. */
  readonly connections: readonly string[];
}

/** What a change names; what it does not name stays. */
export type OrganizationChange = Partial<Omit<Organization, 'id'>>;

/** What connections know, which this folder does not. */
export interface Federation {
  /** A domain in the one spelling of DNS; undefined for what is none. */
  domainName(text: string): string | undefined;
  /** The connection for which a domain is verified. */
  speaker(domain: string): Promise<string | undefined>;
  /** Whether there is such a connection. */
  hasConnection(id: string): Promise<boolean>;
}

interface Parts {
  store: Store;
  trail: Trail;
  federation: Federation;
  /** Takes the roles within an organisation that goes. */
  forget(id: string, actor: string): Promise<unknown>;
  /** Takes a member that goes out of the groups that the organisation filled. */
  left(id: string, subject: string, actor: string): Promise<unknown>;
}

type Kept = Entity & { readonly name: string };

type Kind = 'domain' | 'connection';
/** What belongs to one organisation only, because it is the id: `domain:NAME` or `connection:ID`. */
interface Tie extends Entity {
  readonly organization: string;
}

/** The organisations, and who is a member. */
export class Organizations {
  readonly #all: Collection<Kept>;
  readonly #ties: Collection<Tie, 'organization'>;
  readonly #members: Memberships;
  readonly #parts: Parts;
  /** Counts the changes that this process has made, as `Access.version` does. */
  version = 0;

  constructor(parts: Parts) {
    const { store, trail } = parts;
    this.#parts = parts;
    const changed = (): void => {
      this.version += 1;
    };
    this.#all = observed(store.collection<Kept>({ name: 'organizations', indexes: {}, cached: true }), changed);
    const ties = store.collection<Tie, 'organization'>({
      name: 'organization-ties',
      indexes: { organization: { key: ({ organization }) => organization } },
      cached: true,
    });
    this.#ties = observed(ties, changed);
    this.#members = new Memberships({
      ...{ store, kind: 'organization', changed },
      tell: (type, { member, of: organization, connection }, actor) =>
        type === 'organization.joined'
          ? trail.record({ type, actor, target: member, detail: { organization, connection } })
          : trail.record({ type: 'organization.left', actor, target: member, detail: { organization } }),
    });
  }

  /** Throws `taken` for a known id, and for a domain or connection of another organisation; `invalid`. */
  async add({ id, name, domains, connections }: Organization, actor: string): Promise<Organization> {
    checkedName('organization', id);
    const next = { id, name: checkedTitle(name) };
    const wanted = await this.#checkedTies(id, { domains, connections });
    try {
      await this.#all.insert(next);
    } catch (error) {
      throw isTaken(error) ? taken(`The organization ${id}`) : error;
    }
    await this.#tie(id, wanted);
    const detail = { changed: 'name domains connections' };
    await this.#parts.trail.record({ type: 'organization.saved', actor, target: targetOf(id), detail });
    return this.#whole(next);
  }

  async get(id: string): Promise<Organization | undefined> {
    const found = await this.#all.get(id);
    return found && this.#whole(found);
  }

  /** In the order of their ids. */
  async list(page?: Page): Promise<Organization[]> {
    return Promise.all((await this.#all.find({}, page)).map((one) => this.#whole(one)));
  }

  /** Lists that are named replace those it has. `look` sees it before, and may throw. Throws `missing`, `taken`, `invalid`. */
  async change(
    id: string,
    change: OrganizationChange,
    actor: string,
    look: (now: Organization) => void = () => {},
  ): Promise<Organization> {
    const before = await this.get(id);
    if (!before) throw missing(`The organization ${id}`);
    const wanted = await this.#checkedTies(id, change);
    const name = change.name === undefined ? undefined : checkedTitle(change.name);
    const next = await this.#all.change(id, (now) => {
      look({ ...before, ...now });
      return name === undefined ? now : { ...now, name };
    });
    if (!next) throw missing(`The organization ${id}`);
    await this.#tie(id, wanted);
    const gone = before.connections.filter((one) => !(change.connections ?? before.connections).includes(one));
    for (const connection of gone) await this.#endThrough(id, connection, actor);
    const changed = Object.entries(change).flatMap(([what, value]) => (value === undefined ? [] : [what]));
    const detail = { changed: changed.join(' ') };
    await this.#parts.trail.record({ type: 'organization.saved', actor, target: targetOf(id), detail });
    return this.#whole(next);
  }

  /** With its memberships and the roles within it. Throws `missing`. */
  async remove(id: string, actor: string): Promise<void> {
    if (!(await this.#all.get(id))) throw missing(`The organization ${id}`);
    await this.#parts.forget(id, actor);
    await this.#ties.drop({ organization: id });
    const members = await this.#members.clear(id);
    if (!(await this.#all.take(id))) throw missing(`The organization ${id}`);
    await this.#parts.trail.record({ type: 'organization.removed', actor, target: targetOf(id), detail: { members } });
  }

  /** Whether the subject exists is the caller's to know. Throws `missing`, and `invalid` for a group or a time that has come. */
  async join(id: string, subject: string, actor: string, how: Joining = {}): Promise<Membership> {
    if (!(await this.#all.get(id))) throw missing(`The organization ${id}`);
    if (subject.startsWith('group:')) {
      throw invalid('Members of an organization are people and clients; take the members of the group in one by one');
    }
    return this.#members.join(subject, id, actor, how);
  }

  /** Ends a membership, by whoever's word; who signs in through a connection of the organisation is a member again. Throws `missing`. */
  async leave(id: string, subject: string, actor: string): Promise<void> {
    const all = (await this.#members.of(subject)).filter((one) => one.of === id);
    const taken = await Promise.all(all.map((one) => this.#members.take(one.id, actor)));
    await this.#parts.left(id, subject, actor);
    if (taken.every((one) => one === undefined)) throw missing(`This membership of the organization ${id}`);
  }

  /** A connection that was made within it belongs to it from now on. Throws `taken`. */
  async adopt(id: string, connection: string, actor: string): Promise<void> {
    await this.#insertTie(tieOf('connection', connection), id);
    const detail = { changed: 'connections' };
    await this.#parts.trail.record({ type: 'organization.saved', actor, target: targetOf(id), detail });
  }

  /** Its members, in the order of ids. */
  members(id: string, page?: Page): Promise<Membership[]> {
    return this.#members.in(id, page);
  }

  /** One membership by its id. */
  membership(id: string): Promise<Membership | undefined> {
    return this.#members.get(id);
  }

  /** Whether the subject is a member at this moment. */
  async isMember(id: string, subject: string): Promise<boolean> {
    return (await this.memberUntil(id, subject)) !== undefined;
  }

  /** The ids of the organisations that a subject is a member of now, sorted. */
  async of(subject: string): Promise<string[]> {
    const all = await this.#members.of(subject);
    const now = Date.now() / 1000;
    return all.length === 0 ? [] : [...new Set(all.filter((one) => lasts(one, now)).map((one) => one.of))].sort();
  }

  /** When the membership of a subject ends (seconds; Infinity: not by itself); undefined for somebody who is no member now. */
  async memberUntil(id: string, subject: string): Promise<number | undefined> {
    const now = Date.now() / 1000;
    const all = (await this.#members.of(subject)).filter((one) => one.of === id && lasts(one, now));
    return all.length === 0 ? undefined : Math.max(...all.map(({ until = Number.POSITIVE_INFINITY }) => until));
  }

  /** The one to which a connection belongs. */
  async ofConnection(connection: string): Promise<Organization | undefined> {
    const tie = await this.#ties.get(tieOf('connection', connection));
    return tie && this.get(tie.organization);
  }

  /** The one that has a domain, in any spelling, among its own, whether that is verified or not. */
  async claimant(domain: string): Promise<Organization | undefined> {
    const name = this.#parts.federation.domainName(domain);
    const tie = name === undefined ? undefined : await this.#ties.get(tieOf('domain', name));
    return tie && this.get(tie.organization);
  }

  /** The one to which a domain, in any spelling, belongs, while it is verified for one of its connections. */
  async ofDomain(domain: string): Promise<Organization | undefined> {
    const { domainName, speaker } = this.#parts.federation;
    const [name, found] = [domainName(domain), await this.claimant(domain)];
    const connection = found && name !== undefined ? await speaker(name) : undefined;
    return connection !== undefined && found?.connections.includes(connection) ? found : undefined;
  }

  /** Somebody came through a connection: a member of its organisation now, unless an administrator has said for how long. */
  async arrive(subject: string, connection: string, actor: string): Promise<void> {
    const found = await this.ofConnection(connection);
    if (!found) return;
    const now = Date.now() / 1000;
    const known = (await this.#members.of(subject)).some(
      (one) => one.of === found.id && lasts(one, now) && (one.connection ?? connection) === connection,
    );
    if (!known) await this.#members.join(subject, found.id, actor, { connection });
  }

  /** Nobody of a subject's accounts comes through this connection any more. */
  async depart(subject: string, connection: string, actor: string): Promise<void> {
    const all = (await this.#members.of(subject)).filter((one) => one.connection === connection);
    for (const { id } of all) await this.#members.take(id, actor);
  }

  /** Ends every membership of a subject that is removed; says how many. */
  forget(subject: string, actor: string): Promise<number> {
    return this.#members.forget({ member: subject }, actor);
  }

  /** A connection is removed: it belongs to no organisation, and nobody is a member by it. */
  async forgetConnection(connection: string, actor: string): Promise<number> {
    await this.#ties.take(tieOf('connection', connection));
    return this.#members.forget({ connection }, actor);
  }

  async #whole({ id, name }: Kept): Promise<Organization> {
    const ties = await whole((page) => this.#ties.find({ organization: id }, page));
    const named = (kind: Kind) =>
      ties.flatMap((tie) => (tie.id.startsWith(`${kind}:`) ? [tie.id.slice(kind.length + 1)] : [])).sort();
    return { id, name, domains: named('domain'), connections: named('connection') };
  }

  /** The ids of what is to belong to it, by kind; a kind that is not named is left as it is. */
  async #checkedTies(id: string, said: OrganizationChange): Promise<Map<Kind, string[]>> {
    const { domainName, hasConnection } = this.#parts.federation;
    const wanted = new Map<Kind, string[]>();
    if (said.domains)
      wanted.set(
        'domain',
        [...new Set(said.domains)].map((text) => domainName(text) ?? noDomain(text)),
      );
    if (said.connections) wanted.set('connection', [...new Set(said.connections)]);
    for (const one of wanted.get('connection') ?? []) {
      if (!(await hasConnection(one))) throw missing(`The connection ${one}`);
    }
    for (const [kind, names] of wanted) {
      for (const name of names) {
        const tie = await this.#ties.get(tieOf(kind, name));
        if (tie && tie.organization !== id) throw taken(`The ${kind} ${name}`);
      }
    }
    return wanted;
  }

  async #tie(organization: string, wanted: ReadonlyMap<Kind, readonly string[]>): Promise<void> {
    const now = await whole((page) => this.#ties.find({ organization }, page));
    for (const [kind, names] of wanted) {
      const ids = names.map((name) => tieOf(kind, name));
      for (const { id } of now) if (id.startsWith(`${kind}:`) && !ids.includes(id)) await this.#ties.take(id);
      for (const id of ids) if (!now.some((tie) => tie.id === id)) await this.#insertTie(id, organization);
    }
  }

  async #insertTie(id: string, organization: string): Promise<void> {
    try {
      await this.#ties.insert({ id, organization });
    } catch (error) {
      throw isTaken(error) ? taken(`The ${id.replace(':', ' ')}`) : error;
    }
  }

  async #endThrough(id: string, connection: string, actor: string): Promise<void> {
    for (const one of await whole((page) => this.#members.in(id, page))) {
      if (one.connection === connection) await this.#members.take(one.id, actor);
    }
  }
}

const targetOf = (id: string): string => `organization:${id}`;
const tieOf = (kind: Kind, name: string): string => `${kind}:${name}`;
const isTaken = (error: unknown): boolean => error instanceof Problem && error.code === 'taken';
