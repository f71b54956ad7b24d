import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** How tests start it: pages of several sites share a process, since starting one for each is most of what a walk costs. */
export const chromiumFlags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-site-isolation-trials',
  '--renderer-process-limit=1',
];

function installed(): string | undefined {
  const given = process.env.SALLYPORT_TEST_CHROMIUM;
  if (given) return given;
  const places = (process.env.PATH ?? '').split(delimiter);
  return places.flatMap((place) => names.map((name) => join(place, name))).find(existsSync);
}

/** The path of Chromium on this machine, or `SALLYPORT_TEST_CHROMIUM`. Throws with a plain sentence when there is none. */
export function chromiumPath(): string {
  const path = installed();
  if (path !== undefined) return path;
  throw new Error(
    'Chromium is not installed; install the package chromium, or set SALLYPORT_TEST_CHROMIUM to its path',
  );
}

/** The same, after having tried to install the Debian package where we may. */
export function bringChromium(): string {
  const apt = (...args: string[]) =>
    spawnSync('apt-get', args, { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
  if (installed() === undefined && process.getuid?.() === 0 && apt('--version').status === 0) {
    apt('update');
    apt('install', '-y', '--no-install-recommends', 'chromium', 'fonts-liberation');
  }
  return chromiumPath();
}
