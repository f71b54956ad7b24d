import { hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { type FetchLimits, guardedFetch } from '../kernel/fetch.ts';
import type { Breached } from './passwords.ts';

/** Who hears why a password could not be looked up. */
type Failed = (cause: unknown) => void;

/**
 * A check that cannot be made lets the password through and is told to `failed`: that somebody can change a password, perhaps
 * because it was stolen, is worth more.
 */
const orLetThrough =
  (look: (sha1: string) => Promise<boolean>, failed: Failed): Breached =>
  async (password) => {
    try {
      return await look(hash('sha1', password, 'hex').toUpperCase());
    } catch (error) {
      failed(error);
      return false;
    }
  };

/** Looks a password up in a file of lines `SHA-1:COUNT`, sorted by hash: by halving, where it lies, however large it is. */
export const breachedInFile = (path: string, failed: Failed): Breached =>
  orLetThrough(async (sha1) => {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      await checkOrder(file, size);
      return await found(file, size, sha1);
    } finally {
      await file.close();
    }
  }, failed);

/**
 * Asks an API for all hashes that begin with the same 20 bits (k-anonymity), and looks among them here. The answer is padded,
 * so that its length tells nobody on the way what was asked.
 */
export const breachedAtApi = (url: string, bounds: Partial<FetchLimits>, failed: Failed): Breached =>
  orLetThrough(async (sha1) => {
    const [range, rest] = [sha1.slice(0, 5), sha1.slice(5)];
    const headers = { 'add-padding': 'true', 'user-agent': 'Sallyport' };
    const answer = await guardedFetch(`${url}/range/${range}`, { headers }, bounds);
    if (answer.status !== 200) throw new Error(`the list of stolen passwords answered with ${answer.status}`);
    const lines = (await answer.text()).split(/\r?\n/);
    // Padding has a count of 0.
    return lines.some((line) => /^([\dA-F]{35}):0*[1-9]\d*$/i.exec(line.trim())?.[1]?.toUpperCase() === rest);
  }, failed);

interface Line {
  start: number;
  /** Where the next one begins. */
  next: number;
  sha1: string;
}

/** Longer than any line: 40 digits, a count, and the line's end. */
const longest = 64;

/** Between `low` and `high` whole lines lie, and the one that is looked for, if it is there. */
async function found(file: FileHandle, size: number, sha1: string): Promise<boolean> {
  let [low, high] = [0, size];
  while (low < high) {
    const line = await lineAt(file, Math.floor((low + high) / 2));
    if (line.sha1 === sha1) return true;
    if (line.sha1 < sha1) low = line.next;
    else high = line.start;
  }
  return false;
}

/** The line that holds this byte. Throws for a file that is made otherwise. */
async function lineAt(file: FileHandle, at: number): Promise<Line> {
  const from = Math.max(0, at - longest);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(2 * longest), 0, 2 * longest, from);
  const text = buffer.toString('latin1', 0, bytesRead);
  // The byte may be the line's own end.
  const before = at === 0 ? -1 : text.lastIndexOf('\n', at - from - 1);
  const start = before + 1;
  const end = text.indexOf('\n', start);
  const line = text.slice(start, end < 0 ? text.length : end);
  const [, sha1] = /^([\dA-F]{40}):\d+\r?$/i.exec(line) ?? [];
  if (sha1 === undefined || (before < 0 && from > 0))
    throw new Error('the file of stolen passwords has a line that is not SHA-1:COUNT');
  return { start: from + start, next: end < 0 ? from + bytesRead : from + end + 1, sha1: sha1.toUpperCase() };
}

/** Samples that come in the order of their hashes; the list that is sorted by count would answer "no" to almost everything. */
async function checkOrder(file: FileHandle, size: number): Promise<void> {
  const samples = 16;
  let last = '';
  for (let sample = 0; sample < samples && size > 0; sample += 1) {
    const { sha1 } = await lineAt(file, Math.floor((sample * (size - 1)) / (samples - 1)));
    if (sha1 < last) throw new Error('the file of stolen passwords is not sorted by hash');
    last = sha1;
  }
}
