import { duplicates, type Entity, type Spec } from './port.ts';
import { lookups } from './records.ts';
import type { Connection } from './table.ts';

const quoted = (name: string) => `"${name}"`;

/** Whether the table and everything that its look-ups need is there. */
export function laid<T extends Entity, K extends string>(db: Connection, spec: Spec<T, K>): boolean {
  const { columns, indexes } = standing(db, spec.name);
  if (!indexes.has(`${spec.name}.expires`)) return false;
  return lookups(spec).every(
    ({ name, unique }) => columns.has(`k_${name}`) && indexes.has(indexName(spec.name, name, unique)),
  );
}

/**
 * Makes the table, and what look-ups were added since: column, index, and the keys of the records that are there
 * already. To be run within one transaction. A look-up that was withdrawn keeps its column.
 */
export function lay<T extends Entity, K extends string>(db: Connection, spec: Spec<T, K>): void {
  const table = quoted(spec.name);
  // With its keys at once: each column that is added later makes SQLite read its whole schema again.
  const keys = lookups(spec).map(({ name }) => `, ${quoted(`k_${name}`)} TEXT`);
  db.exec(
    `CREATE TABLE IF NOT EXISTS ${table} (id TEXT NOT NULL UNIQUE, body TEXT NOT NULL, expires INTEGER${keys.join('')})`,
  );
  db.exec(
    `CREATE INDEX IF NOT EXISTS ${quoted(`${spec.name}.expires`)} ON ${table} (expires) WHERE expires IS NOT NULL`,
  );
  const { columns } = standing(db, spec.name);
  const added = lookups(spec).filter(({ name }) => !columns.has(`k_${name}`));
  for (const { name } of added) db.exec(`ALTER TABLE ${table} ADD COLUMN ${quoted(`k_${name}`)} TEXT`);
  if (added.length > 0) fill(db, spec, added);
  for (const { name, unique } of lookups(spec)) {
    const key = quoted(`k_${name}`);
    const index = quoted(indexName(spec.name, name, unique));
    db.exec(`DROP INDEX IF EXISTS ${quoted(indexName(spec.name, name, !unique))}`);
    try {
      // With the id, so that pages come in order.
      db.exec(
        `CREATE ${unique ? 'UNIQUE ' : ''}INDEX IF NOT EXISTS ${index} ON ${table} (${key}${unique ? '' : ', id'}) WHERE ${key} IS NOT NULL`,
      );
    } catch (error) {
      throw db.duplicate(error) === undefined ? error : duplicates(spec.name, name);
    }
  }
}

const indexName = (table: string, lookup: string, unique: boolean) => `${table}.${lookup}${unique ? '.unique' : ''}`;

function standing(db: Connection, table: string): { columns: Set<string>; indexes: Set<string> } {
  const columns = db.prepare('SELECT name FROM pragma_table_info(?)').all(table);
  const indexes = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?").all(table);
  return {
    columns: new Set(columns.map((row) => String(row[0]))),
    indexes: new Set(indexes.map((row) => String(row[0]))),
  };
}

function fill<T extends Entity, K extends string>(
  db: Connection,
  spec: Spec<T, K>,
  added: ReturnType<typeof lookups<T, K>>,
): void {
  const table = quoted(spec.name);
  const page = db.prepare(`SELECT rowid, body FROM ${table} WHERE rowid > ? ORDER BY rowid LIMIT 500`);
  const update = db.prepare(
    `UPDATE ${table} SET ${added.map(({ name }) => `${quoted(`k_${name}`)} = ?`).join(', ')} WHERE rowid = ?`,
  );
  for (let rows = page.all(-1); rows.length > 0; rows = page.all(Number(rows.at(-1)?.[0]))) {
    for (const row of rows) {
      const value: T = JSON.parse(String(row[1]));
      update.run(...added.map(({ key }) => key(value) ?? null), Number(row[0]));
    }
  }
}
