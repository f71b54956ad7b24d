import { readFileSync } from 'node:fs';
import { invalid } from '../kernel/errors.ts';
import { misused } from './command.ts';

/** A time in the future, in seconds since the epoch, from ISO 8601. */
export function future(option: string, text: string): number;
export function future(option: string, text: string | undefined): number | undefined;
export function future(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw misused(`--${option} must be a time such as 2030-01-31T18:00:00Z`);
  if (time <= Date.now()) throw invalid(`--${option} must be a time in the future`);
  return Math.floor(time / 1000);
}

/** A time, in seconds since the epoch. */
export function time(option: string, text: string): number;
export function time(option: string, text: string | undefined): number | undefined;
export function time(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds)) throw misused(`--${option} must be a time such as 2026-01-31T18:00:00Z`);
  return milliseconds / 1000;
}

/** A whole number that is not negative. */
export function whole(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,10}$/.test(text)) throw misused(`--${option} must be a whole number`);
  return Number(text);
}

/** The text of a file that an option names. */
export function fileText(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : 'unknown error';
    throw invalid(`--${option}: ${file} cannot be read (${code})`);
  }
}

/** The JSON in a file that an option names. */
export function fileJson(option: string, file: string): unknown {
  try {
    return JSON.parse(fileText(option, file));
  } catch (error) {
    if (error instanceof SyntaxError) throw invalid(`--${option}: ${file} does not hold JSON`);
    throw error;
  }
}

/** The values of an option that may be given several times; undefined when it was not given. */
export const named = (values: readonly string[]): string[] | undefined => (values.length > 0 ? [...values] : undefined);
