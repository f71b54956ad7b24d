import type { Bound } from './gateways.ts';
import type { Row } from './measure.ts';
import type { Figure } from './report.ts';
import { type Changes, rightsNames } from './rights.ts';
import { quantile, type Told } from './stream.ts';

/** Everything that one run found out; a part that was not asked for is missing. */
export interface Findings {
  paths: Row[];
  sizes: Row[];
  /** Forward-auth beside introspection. */
  forward: Row[];
  /** Introspection of people with roles beside people without. */
  rights: Row[];
  changes?: Changes;
  /** How soon listeners hear of it. */
  stream?: Told[];
  /** How long gateways go on with a revoked token. */
  bounds?: Bound[];
  /** Seconds from an empty store to the first token. */
  start?: number;
  /** Milliseconds of CPU for one answer of a SAML provider. */
  saml?: number;
  /** Resident memory in MiB at the start and after each fifth of the requests. */
  memory?: { requests: number; seen: number[] };
}

const rate = (value: number): string => value.toFixed(2);

/** The figures that Sallyport is to reach, as far as this run measured them. */
export function figures(found: Findings, names: { ours: string; koa: string; library: string }): Figure[] {
  const { ours, koa, library } = names;
  const least = (rows: Row[], path: string, [server, other]: [string, string], target: number): Figure[] => {
    const value = rows.find((row) => row.path === path && row.server === server)?.ratios[other];
    if (value === undefined) return [];
    const figure = `${path}, ${server} beside ${other}`;
    return [{ figure, target: `≥ ${rate(target)} ×`, measured: `${rate(value)} ×`, met: value >= target }];
  };
  return [
    ...least(found.paths, 'introspection', [ours, library], 1.5),
    ...least(found.paths, 'introspection', [ours, koa], 0.4),
    ...least(found.paths, 'client_credentials', [ours, library], 0.8),
    ...least(found.sizes, 'introspection', ['1,000,000 stored', '1,000 stored'], 0.9),
    ...least(found.forward, 'gateway', ['forward-auth', 'introspection'], 0.9),
    ...least(found.rights, 'introspection', [rightsNames.held, rightsNames.plain], 0.8),
    ...least(found.rights, 'introspection', [rightsNames.heldByOne, rightsNames.plainOne], 0.8),
    ...changesFigure(found.changes),
    ...streamFigures(found.stream ?? []),
    ...boundFigures(found.bounds ?? []),
    ...startFigure(found.start),
    ...samlFigure(found.saml),
    ...memoryFigures(found.memory),
  ];
}

function startFigure(start: number | undefined): Figure[] {
  if (start === undefined) return [];
  return [
    {
      figure: 'start to first token, empty store',
      target: '≤ 2 s',
      measured: `${start.toFixed(2)} s`,
      met: start <= 2,
    },
  ];
}

function changesFigure(changes: Changes | undefined): Figure[] {
  if (!changes) return [];
  const worst = Math.max(...changes.milliseconds);
  return [
    {
      figure: 'role taken away to the last answer with it, two processes on MongoDB',
      target: '< 1 s',
      measured: `${(worst / 1000).toFixed(2)} s`,
      met: worst < 1000,
    },
  ];
}

/** What docs/gateways.md promises to whoever listens. */
const streamBounds = { elsewhere: 1000, role: 2000 };

function streamFigures(stream: readonly Told[]): Figure[] {
  return stream.flatMap(({ store, what, milliseconds }) => {
    if (what === 'here') return [];
    const [bound, value] = [streamBounds[what], quantile(milliseconds, 0.99)];
    const deed = what === 'role' ? 'role taken away' : 'token revoked';
    return [
      {
        figure: `${deed} to the event at another process, ${store}, p99`,
        target: `< ${bound / 1000} s`,
        measured: `${(value / 1000).toFixed(2)} s`,
        met: value < bound,
      },
    ];
  });
}

function boundFigures(bounds: readonly Bound[]): Figure[] {
  return bounds.map(({ kind, kept, milliseconds }) => {
    const most = Math.max(...milliseconds);
    return {
      figure: `revoked token at ${kind} with ${kept} kept seconds`,
      target: `≤ ${kept} s`,
      measured: `${(most / 1000).toFixed(2)} s`,
      met: most <= kept * 1000,
    };
  });
}

function samlFigure(saml: number | undefined): Figure[] {
  if (saml === undefined) return [];
  return [
    {
      figure: 'CPU to verify a signed and encrypted SAML assertion',
      target: '< 15 ms',
      measured: `${saml.toFixed(1)} ms`,
      met: saml < 15,
    },
  ];
}

/** Flat: from two fifths of the requests on, it grows by less than a tenth. */
function memoryFigures(memory: Findings['memory']): Figure[] {
  if (!memory) return [];
  const { requests, seen } = memory;
  const [last = Number.NaN, early = Number.NaN] = [seen.at(-1), seen[2]];
  const most = Math.max(...seen);
  const after = `after ${requests.toLocaleString('en')} token requests`;
  return [
    { figure: `resident memory ${after}`, target: '< 200 MiB', measured: `${most.toFixed(0)} MiB`, met: most < 200 },
    {
      figure: `growth of it ${after}, since two fifths of them`,
      target: '< 10 %',
      measured: `${((last / early - 1) * 100).toFixed(1)} %`,
      met: last < early * 1.1,
    },
  ];
}
