import { DatabaseSync } from 'node:sqlite';
import { MongoClient } from 'mongodb';

/** Somebody who can write to the database itself, past the program; each takes a collection and works on its bodies. */
export interface Intruder {
  /** Every record by its id. */
  all<T>(collection: string): Promise<Map<string, T>>;
  /** Replaces the body of a record; its look-ups stay. */
  write(collection: string, id: string, body: unknown): Promise<void>;
  /** Puts a text in the place of a body, whatever it is. */
  scribble(collection: string, id: string, text: string): Promise<void>;
  /** Adds a record; `keys` are those of its look-ups. */
  add(collection: string, id: string, body: unknown, keys?: Record<string, string>): Promise<void>;
  remove(collection: string, ids: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** Breaks into the database behind this URL. */
export async function intruder(url: string): Promise<Intruder> {
  return url.startsWith('sqlite:') ? inFile(url.slice('sqlite:'.length)) : inServer(url);
}

function inFile(path: string): Intruder {
  const database = new DatabaseSync(path, { timeout: 10_000 });
  return {
    async all<T>(collection: string) {
      const rows = database.prepare(`SELECT id, body FROM "${collection}" ORDER BY id`).all();
      return new Map(rows.map(({ id, body }): [string, T] => [String(id), JSON.parse(String(body))]));
    },
    async write(collection, id, body) {
      database.prepare(`UPDATE "${collection}" SET body = ? WHERE id = ?`).run(JSON.stringify(body), id);
    },
    async scribble(collection, id, text) {
      database.prepare(`UPDATE "${collection}" SET body = ? WHERE id = ?`).run(text, id);
    },
    async add(collection, id, body, keys = {}) {
      const columns = ['id', 'body', ...Object.keys(keys).map((name) => `"k_${name}"`)];
      const sql = `INSERT INTO "${collection}" (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
      database.prepare(sql).run(id, JSON.stringify(body), ...Object.values(keys));
    },
    async remove(collection, ids) {
      for (const id of ids) database.prepare(`DELETE FROM "${collection}" WHERE id = ?`).run(id);
    },
    async close() {
      database.close();
    },
  };
}

async function inServer(url: string): Promise<Intruder> {
  const client = await MongoClient.connect(url);
  const of = (name: string) => client.db().collection<{ _id: string; body: string; v: string; k: object }>(name);
  return {
    async all<T>(collection: string) {
      const documents = await of(collection).find().sort({ _id: 1 }).toArray();
      return new Map(documents.map(({ _id, body }): [string, T] => [_id, JSON.parse(body)]));
    },
    async write(collection, _id, body) {
      await of(collection).updateOne({ _id }, { $set: { body: JSON.stringify(body) } });
    },
    async scribble(collection, _id, body) {
      await of(collection).updateOne({ _id }, { $set: { body } });
    },
    async add(collection, _id, body, k = {}) {
      await of(collection).insertOne({ _id, body: JSON.stringify(body), v: `intruder.${_id}`, k });
    },
    async remove(collection, ids) {
      await of(collection).deleteMany({ _id: { $in: [...ids] } });
    },
    close: () => client.close(),
  };
}
