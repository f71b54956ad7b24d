import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { bringApache } from './support/apache.ts';
import { bringChromium } from './support/chromium.ts';
import { bringEnvoy } from './support/envoy.ts';
import { startMongodb } from './support/mongodb.ts';
import { bringNginx } from './support/nginx.ts';
import { bringOauth2Proxy } from './support/oauth2-proxy.ts';
import { bringSimpleSamlPhp } from './support/simplesamlphp.ts';
import { bringSlapd } from './support/slapd.ts';
import { type Count, failures, print, runSuites, type Suite, seconds, sum, uses } from './support/suites.ts';

/*
 * Every check of the project (`npm test`), or the test files that are named (`node test/all.ts test/http/*.test.ts`).
 * What could not be brought is named and not run; with CI=true it counts as failed.
 */

const root = join(import.meta.dirname, '..');
const ci = process.env.CI === 'true';
const counts: Count[] = [];
const notRun: string[] = [];

/** Brings something the tests need; what could not be brought is noted with its reason. */
async function bring<T>(what: string, get: () => T | Promise<T>): Promise<T | undefined> {
  const began = Date.now();
  try {
    const got = await get();
    print(`${what}: ready after ${seconds(Date.now() - began)}`);
    return got;
  } catch (error) {
    notRun.push(`everything that needs ${what}: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

/** Types, lint and format, dead code: one check each. */
async function staticChecks(): Promise<Count> {
  const results: Count[] = [];
  const checks: [name: string, ...command: string[]][] = [
    ['types', 'tsc'],
    ['lint and format', 'biome', 'ci', '--error-on-warnings', '.'],
    ['unused code', 'knip'],
  ];
  for (const [name, program = '', ...args] of checks) {
    const began = Date.now();
    const path = join(root, 'node_modules/.bin', program);
    const output = await promisify(execFile)(path, args, { cwd: root, maxBuffer: 64 << 20 }).then(
      () => undefined,
      (error: { stdout?: string; stderr?: string }) => `${error.stdout ?? ''}${error.stderr ?? ''}` || String(error),
    );
    results.push(output === undefined ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });
    print(`  ${output === undefined ? '✔' : '✖'} ${name}, ${seconds(Date.now() - began)}`);
    if (output !== undefined) {
      print(output);
      failures.push(`${name}\n${output.slice(-2000)}`);
    }
  }
  return sum(results);
}

const on = (store: Suite['store'], files: readonly string[]): Suite[] => files.map((file) => ({ file, store }));

/** The files of test/support that start a gateway which could not be brought. */
async function missingGateways(): Promise<string[]> {
  const gateways: [what: string, file: string, get: () => string][] = [
    ['NGINX', 'nginx.ts', bringNginx],
    ['Apache', 'apache.ts', bringApache],
    ['Envoy', 'envoy.ts', bringEnvoy],
  ];
  const missing: string[] = [];
  for (const [what, file, get] of gateways) if (!(await bring(what, get))) missing.push(file);
  return missing;
}

/**
 * Beside what a browser shows and a gateway asks, these do not depend on the store: commands make calls that are tested on
 * both (two stand for how a command finds its store), and what these pages, formats and dialogues keep is kept by parts
 * whose own tests, and whose races, run on both. The contract of the store is in test/contract.
 */
const sameOnEach = new RegExp(
  `/test/(${[
    'admin/(matrix|impersonation|permissions|console-(acting|connect|gateways|pages|settings|setup|access(-[a-z]+)?))[.]',
    'cli/(?!keys)',
    'conformance/',
    'demo/start',
    'gateways/(config|mulesoft)',
    'account/(applications|factors|fresh|guarding|password|profile|reset-by-hand|signing-in|stolen-passwords)[.]',
    'signin/(federation-(directory|groups|saml|strength)|connection-test(-saml)?|logout-(onwards|simplesamlphp)|pages|step-up)[.]',
  ].join('|')})`,
);

async function everything(): Promise<void> {
  const files = globSync('test/**/*.test.ts', { cwd: root })
    .map((file) => join(root, file))
    .sort();
  // Built from its sources, which takes minutes where it was never built: beside everything else, and its test comes last.
  const building = bringOauth2Proxy();
  building.catch(() => {});
  const chromium = await bring('Chromium', bringChromium);
  const mongodb = await bring('MongoDB', startMongodb);
  const slapd = await bring('slapd', bringSlapd);
  const simpleSamlPhp = await bring('SimpleSAMLphp', () => {
    bringSimpleSamlPhp();
    return true;
  });
  const gateways = await missingGateways();
  if (chromium) process.env.SALLYPORT_TEST_CHROMIUM = chromium;
  if (mongodb) process.env.SALLYPORT_TEST_MONGODB = mongodb.url;
  const runnable = files.filter(
    (file) =>
      (chromium || !uses(file, 'chromium.ts')) &&
      (slapd || !uses(file, 'slapd.ts')) &&
      (simpleSamlPhp || !uses(file, 'simplesamlphp.ts')) &&
      !uses(file, 'oauth2-proxy.ts', ...gateways),
  );
  // A file that asks for MongoDB itself runs once; one that takes any store runs on each.
  const anyStore = runnable.filter((file) => uses(file, 'store.ts'));
  const onlyMongodb = runnable.filter((file) => !anyStore.includes(file) && uses(file, 'mongodb.ts'));
  const repeated = anyStore.filter((file) => !uses(file, 'chromium.ts', 'gateway-rig.ts') && !sameOnEach.test(file));
  const all = [
    ...on(
      'sqlite',
      runnable.filter((file) => mongodb || !onlyMongodb.includes(file)),
    ),
    ...on('mongodb', mongodb ? repeated : []),
  ];
  print(`\nstatic checks, and ${all.length} test files on their stores`);
  counts.push(await runSuites(all, staticChecks));
  await mongodb?.stop();
  const late = files.filter((file) => uses(file, 'oauth2-proxy.ts'));
  if (await bring('oauth2-proxy', () => building)) counts.push(await runSuites(on('sqlite', late)));
}

const began = Date.now();
const named = process.argv.slice(2).map((path) => resolve(path));
if (named.length > 0) {
  counts.push(await runSuites(on(process.env.SALLYPORT_TEST_STORE === 'mongodb' ? 'mongodb' : 'sqlite', named)));
} else await everything();

print(`\nafter ${seconds(Date.now() - began)}`);
for (const failure of failures) print(`\nfailed on the way: ${failure}`);
for (const part of notRun) print(`not run: ${part}`);
if (ci) counts.push({ passed: 0, failed: notRun.length });
const total = sum(counts);
print(`${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);
