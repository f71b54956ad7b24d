import type { Trail } from '../audit/trail.ts';
import type { Access } from '../directory/access.ts';
import type { Groups } from '../directory/groups.ts';
import type { Connection } from '../federation/connection.ts';
import type { Connections } from '../federation/connections.ts';
import { type Login, Refused, type Reply } from '../federation/connector.ts';
import { personOf } from '../federation/doctor.ts';
import { examine } from '../federation/examining.ts';
import { type Person, Recorder, type Report } from '../federation/report.ts';
import { placeOf, type Run, type TestRuns, type TestWishes } from '../federation/test-runs.ts';
import { type Begun, newTicket, type Tickets } from '../federation/tickets.ts';
import { missing } from '../kernel/errors.ts';
import { proofOf } from './federated.ts';
import type { Way } from './through.ts';

interface Parts {
  connections: Connections;
  testRuns: TestRuns;
  tickets: Tickets;
  access: Access;
  groups: Groups;
  trail: Trail;
}

/** Who is there, for the audit trail. */
export interface Seen {
  ip: string;
  requestId: string;
}

/** A sign-in that came back, or was typed. */
type Coming = Pick<Begun, 'began' | 'login' | 'memo'> & { reply: Reply };

const seconds = (): number => Math.floor(Date.now() / 1000);

/**
 * The doctor: a sign-in with the very calls of a real one, of which everything is told. It ends in a report: no user, link,
 * session or role comes of it. Every step belongs to the one browser that opened the test (`TestRuns`).
 */
export class ConnectionTesting {
  readonly #parts: Parts;
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The connection, and the test with what can be known before anybody signs in. Throws `missing`. */
  async look(run: Run, seen: Seen): Promise<{ connection: Connection; report: Report }> {
    const { connections, testRuns } = this.#parts;
    const connection = await this.#connection(run);
    if (run.report.steps.length > 0 || run.report.state !== 'waiting') return { connection, report: run.report };
    const settings = connections.clear(connection);
    const recorder = new Recorder();
    hideSettings(recorder, settings);
    try {
      await examine(settings, connections.around(connection), recorder);
      await testRuns.write(run, (report) => ({ ...report, steps: recorder.steps }));
    } catch (error) {
      await this.#fail(run, error, { recorder, seen });
    }
    return { connection, report: (await testRuns.report(run.connection, run.id)) ?? run.report };
  }

  /** Sends the browser to the provider; undefined when it was not sent, because the test is over. Throws `missing`. */
  async start(run: Run, wishes: TestWishes, seen: Seen): Promise<Way | undefined> {
    const { connections, tickets } = this.#parts;
    const connection = await this.#connection(run);
    const recorder = recorderFor(run, connections.clear(connection));
    try {
      const login = loginFor(connection, wishes);
      const handoff = await (await connections.connectorForTest(connection.id)).begin(login);
      if (handoff.by === 'form') return undefined;
      await tickets.begin({
        ...{ connection: connection.id, began: seconds(), login, memo: handoff.memo },
        ...{ purpose: { for: 'doctor', id: run.id }, returnTo: `${placeOf(connection.id, run.id)}/return` },
      });
      const { name } = connection;
      if (handoff.by === 'redirect') return { goOn: handoff.url };
      return { post: { url: handoff.url, fields: handoff.fields, name } };
    } catch (error) {
      await this.#fail(run, error, { recorder, seen });
      return undefined;
    }
  }

  /** The browser is back: picks the reply up, once, and ends the test with what it proves. */
  async comeBack(run: Run, ticket: string, seen: Seen): Promise<void> {
    const filed = await this.#parts.tickets.take(ticket, { for: 'doctor', id: run.id });
    if (filed?.connection === run.connection) await this.#finish(run, filed, seen);
  }

  /** Tries a user name and password at a directory: once in a test, so that a link is worth no more than one guess. */
  async tryDirectory(run: Run, fields: { username: string; password: string }, seen: Seen): Promise<void> {
    const { connections, testRuns } = this.#parts;
    const connection = await this.#connection(run);
    if (connection.kind !== 'ldap' || run.report.state !== 'waiting' || !(await testRuns.tryOnce(run))) return;
    const [began, login] = [seconds(), loginFor(connection, { strong: false, fresh: false })];
    const recorder = recorderFor(run, connections.clear(connection));
    try {
      const { memo } = await (await connections.connectorForTest(connection.id)).begin(login);
      await this.#finish(run, { began, login, memo, reply: { method: 'POST', fields, raw: '' } }, seen);
    } catch (error) {
      await this.#fail(run, error, { recorder, seen });
    }
  }

  async #finish(run: Run, coming: Coming, seen: Seen): Promise<void> {
    const { connections, testRuns } = this.#parts;
    const { began, login, memo, reply } = coming;
    const connection = await this.#connection(run);
    const recorder = recorderFor(run, connections.clear(connection));
    recorder.hide(login.ticket, ...Object.values(memo), reply.fields.code, reply.fields.password);
    recorder.received('answer in the browser', reply.fields);
    let person: Person | undefined;
    try {
      const connector = await connections.connectorForTest(connection.id);
      const identity = await connector.complete(reply, login, memo, recorder);
      recorder.hide(identity.session?.hint);
      person = await this.#known(personOf(identity, connection, { recorder, now: seconds() }));
      const { level } = proofOf(connection, connector.kind, identity, { began, login });
      recorder.passed('what the connection asks of a proof', level);
    } catch (error) {
      return this.#fail(run, error, { recorder, seen, person, login });
    }
    const { strong, fresh } = login;
    const found = {
      strong,
      fresh,
      steps: recorder.steps,
      person,
      notes: notesOn(connection, person, { strong, fresh }),
    };
    const ended = await testRuns.write(run, (report) => ({
      ...{ ...report, ...found, state: 'succeeded', ended: seconds() },
    }));
    if (ended) await this.#record(run, seen);
  }

  /** Ends the test with what was wrong; anything but a refusal is nothing that a report could tell. */
  async #fail(
    run: Run,
    error: unknown,
    {
      recorder,
      seen,
      person,
      login,
    }: { recorder: Recorder; seen: Seen; person?: Person | undefined; login?: TestWishes },
  ): Promise<void> {
    if (!(error instanceof Refused)) throw error;
    const { reason, check, came, wanted, advice } = error.refusal;
    recorder.failed(error.refusal);
    const text = (said: string | undefined) => (said === undefined ? undefined : recorder.text(said));
    const failure = { reason, check, came: text(came), wanted: text(wanted), advice: recorder.text(advice, 600) };
    const wishes = login && { strong: login.strong, fresh: login.fresh };
    const ended = await this.#parts.testRuns.write(run, (report) => ({
      ...{ ...report, ...wishes, steps: recorder.steps, failure },
      ...{ ...(person && { person }), state: 'failed', ended: seconds() },
    }));
    if (ended) await this.#record(run, seen, { reason, check });
  }

  async #known(person: Omit<Person, 'unknown'>): Promise<Person> {
    const { access, groups } = this.#parts;
    const { localGroups = [] } = person;
    const roles = await Promise.all(person.roles.map((name) => access.role(name)));
    const known = await Promise.all(localGroups.map((name) => groups.get(name)));
    return {
      ...person,
      unknown: person.roles.filter((_, index) => roles[index] === undefined),
      unknownGroups: localGroups.filter((_, index) => known[index] === undefined),
    };
  }

  async #connection({ connection: id }: Run): Promise<Connection> {
    const connection = await this.#parts.connections.get(id);
    if (!connection) throw missing(`The connection ${id}`);
    return connection;
  }

  #record({ actor, connection }: Run, seen: Seen, failure?: { reason: string; check: string }): Promise<void> {
    return this.#parts.trail.record({
      ...{ type: 'connection.tested', actor, target: `connection:${connection}`, ...seen },
      ...{ outcome: failure ? 'failure' : 'success', detail: { result: failure ? 'failed' : 'succeeded', ...failure } },
    });
  }
}

/** What is asked for is asked for, whether or not the connection would believe the answer: the test is to show it. */
const loginFor = ({ mfa }: Connection, { strong, fresh }: TestWishes): Login => ({
  ...{ ticket: newTicket(), fresh, strong: strong || mfa === 'require' },
});

function recorderFor({ report }: Run, settings: Connection): Recorder {
  const recorder = new Recorder(report.steps);
  hideSettings(recorder, settings);
  return recorder;
}

function hideSettings(recorder: Recorder, settings: Connection): void {
  if (settings.kind === 'oidc') recorder.hide(settings.clientSecret);
  if (settings.kind === 'ldap') recorder.hide(settings.bindPassword);
}

/** What does not stop a sign-in, but will be asked about. */
function notesOn(connection: Connection, person: Person, { strong }: TestWishes): string[] {
  const { id, state, provision, mfa, kind } = connection;
  const notes: string[] = [];
  if (person.unknown.length > 0) {
    notes.push(`There is no role ${person.unknown.join(', ')} here yet; until then it gives nothing`);
  }
  if (person.unknownGroups?.length) {
    notes.push(`There is no group ${person.unknownGroups.join(', ')} here yet; until then nobody is in it`);
  }
  if (strong && kind !== 'ldap' && person.level === '1fa') {
    notes.push('A second factor was asked for, and no evidence rule of the connection finds one in what came');
  }
  if (mfa === 'ignore' && person.level !== '1fa') {
    notes.push('The connection ignores second factors; to let this one count, set --mfa accept');
  }
  if (provision && person.email === undefined) {
    notes.push(
      'Nobody is taken in without an e-mail address; release it to this application, or name its claim in the mapping',
    );
  }
  if (!provision) notes.push('People whom nobody knows are asked to prove an account of theirs here; see --provision');
  if (state !== 'enabled') notes.push(`The connection is switched off: sallyport connection enable ${id}`);
  return notes;
}
