import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryPath } from './temporary.ts';

/** A file with something of every kind. */
export const everything = join(import.meta.dirname, '../fixtures/files/everything.yaml');

/** What it refers to. */
export const secrets = {
  CONNECTION_OFFICE_BIND_PASSWORD: 'the password of the reader',
  CLIENT_SHOP_CLIENT_SECRET: 'made-elsewhere-0123456789-abcdefghij',
};

/** A file with this text. */
export function file(text: string): string {
  const path = temporaryPath('files.yaml');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}
