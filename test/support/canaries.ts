import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { MongoClient } from 'mongodb';

/** Values that must stay between us and the one who got or sent them, by what they are. */
export class Canaries {
  readonly all = new Map<string, string>();

  /** Notes one and answers it; what is short could be found by chance. */
  keep(name: string, value: unknown): string {
    assert.ok(typeof value === 'string' && value.length >= 16, `${name} is ${value}`);
    this.all.set(name, value);
    return value;
  }

  /** Those that a text holds, as they are or in a coding that anybody undoes. */
  foundIn(text: string): string[] {
    const holds = (value: string): boolean => {
      const bytes = Buffer.from(value);
      const forms = [value, encodeURIComponent(value), bytes.toString('hex'), bytes.toString('base64').slice(0, -4)];
      return forms.some((form) => text.includes(form));
    };
    return [...this.all].filter(([, value]) => holds(value)).map(([name]) => name);
  }
}

/** Every byte of a store, as somebody with a copy of it reads it. */
export async function dumpOf(store: string): Promise<string> {
  if (store.startsWith('sqlite:')) {
    const files = ['', '-wal'].map((end) => store.slice('sqlite:'.length) + end).filter((file) => existsSync(file));
    return Buffer.concat(files.map((file) => readFileSync(file))).toString('latin1');
  }
  const client = await MongoClient.connect(store);
  const names = await client.db().listCollections().toArray();
  const all = await Promise.all(names.map(({ name }) => client.db().collection(name).find().toArray()));
  await client.close();
  return JSON.stringify(all);
}
