#!/usr/bin/env node
// Plain JavaScript, so that an old Node.js can read it too: it finds a Node.js that can run the rest, or says so.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const needed = [24, 8];
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

/** The Node.js that this project pins (package `node`), when it was installed with its binary. */
function pinned() {
  try {
    const file = join(dirname(module.createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node');
    return existsSync(file) && file !== process.execPath ? file : undefined;
  } catch {
    return undefined;
  }
}

/** Runs this again under another Node.js, as if it had been called so: signals go there, the exit code comes back. */
function again(/** @type {string} */ node) {
  const child = spawn(node, [...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit' });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143);
  });
}

if (major > 24 || (major === 24 && minor >= 8)) {
  // What was compiled once is kept beside the packages: a command starts in half the time. Where nothing may be written, nothing is.
  module.enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url)));
  await import('../src/cli.ts');
} else {
  const node = pinned();
  if (node) again(node);
  else {
    process.stderr.write(
      `sallyport: this is Node.js ${process.versions.node}, and ${needed.join('.')} or newer is needed: run "npm ci", which brings it, or install it\n`,
    );
    process.exitCode = 1;
  }
}
