import { bringApache, startApache } from '../support/apache.ts';
import { bringEnvoy, startEnvoy } from '../support/envoy.ts';
import { GatewayRig } from '../support/gateway-rig.ts';
import { bringNginx, startNginx } from '../support/nginx.ts';
import { basic, post } from '../support/oauth.ts';
import { median } from './measure.ts';
import { table } from './report.ts';

/** Milliseconds from the answer that a token was revoked to the last request with it that a gateway let through. */
export interface Bound {
  kind: string;
  /** Seconds for which the gateway may keep answers; 0 where it keeps none. */
  kept: number;
  milliseconds: number[];
}

const kept = 5;
const kinds = [
  { kind: 'nginx', bring: bringNginx, start: startNginx, keeps: [0] },
  { kind: 'envoy', bring: bringEnvoy, start: startEnvoy, keeps: [0] },
  { kind: 'nginx-njs', bring: bringNginx, start: startNginx, keeps: [0, kept] },
  { kind: 'apache', bring: bringApache, start: startApache, keeps: [0, kept] },
];

/** The figures as a table. */
export const boundsTable = (bounds: readonly Bound[]): string =>
  table(
    ['gateway', 'kept s', 'times', 'p50 ms', 'most ms'],
    bounds.map(({ kind, kept, milliseconds }) => [
      kind,
      String(kept),
      String(milliseconds.length),
      median(milliseconds).toFixed(0),
      Math.max(...milliseconds).toFixed(0),
    ]),
    1,
  );

/** Each product on the configuration that we write, with requests without a pause; what cannot be started is noted. */
export async function measureGateways(times: number, note: (sentence: string) => void): Promise<Bound[]> {
  const bounds: Bound[] = [];
  for (const { kind, bring, start, keeps } of kinds) {
    for (const kept of keeps) {
      process.stderr.write(`gateways: ${kind}, ${kept} s kept\n`);
      try {
        bring();
        bounds.push({ kind, kept, milliseconds: await measured({ kind, start, kept }, times) });
      } catch (error) {
        note(`${kind} could not be measured: ${error instanceof Error ? error.message : error}`);
      }
    }
  }
  return bounds;
}

async function measured(
  { kind, start, kept }: Pick<Bound, 'kind' | 'kept'> & { start: typeof startNginx },
  times: number,
): Promise<number[]> {
  const rig = await GatewayRig.start();
  try {
    if (kept > 0) await rig.app.parts.clients.change('demo-gateway', { cacheSeconds: kept }, 'cli');
    const args = kind === 'apache' ? ['--reach', rig.secure, '--ca', rig.authority.certificateFile] : [];
    await rig.guard(kind, start, { args });
    const milliseconds: number[] = [];
    for (let time = 0; time < times; time += 1) milliseconds.push(await letThrough(rig));
    return milliseconds;
  } finally {
    await rig.stop();
  }
}

async function letThrough(rig: GatewayRig): Promise<number> {
  const token = await rig.token();
  const first = await rig.call({ token });
  if (first.status !== 200) throw new Error(`a good token got ${first.status}: ${rig.said()}`);
  const { status } = await post(`${rig.app.url}/oauth2/revoke`, { token }, basic(rig.app.client('demo-service')));
  if (status !== 200) throw new Error(`the token was not revoked: ${status}`);
  const gone = performance.now();
  let last = gone;
  // A request that is let through says that it was before it was answered.
  for (let asked = performance.now(); (await rig.call({ token })).status === 200; asked = performance.now())
    last = asked;
  return last - gone;
}
