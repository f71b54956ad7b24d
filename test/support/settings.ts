import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Reading, readConfig } from '../../src/config/load.ts';
import { temporaryPath } from './temporary.ts';

/** A configuration file with this content, which goes away when the process ends. */
export function settingsFile(yaml: string): string {
  const file = temporaryPath('settings.yaml');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, yaml);
  return file;
}

/** What comes of this file and these variables. */
export const reading = (yaml: string, environment: Record<string, string> = {}): Reading =>
  readConfig(environment, settingsFile(yaml));

/** `path: sentence` of everything that is wrong. */
export const wrong = (yaml: string, environment: Record<string, string> = {}): string[] =>
  reading(yaml, environment).problems.map(({ path, sentence }) => `${path}: ${sentence}`);
