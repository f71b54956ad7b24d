import { dirname, join } from 'node:path/posix';

/** A source file of the house: its path from the project root, and its text. */
export interface Source {
  path: string;
  text: string;
}

const capabilities = ['directory', 'clients', 'factors', 'federation'];

/** Who may import whom, besides its own folder and kernel. Files right under src, and commands, may import everything. */
const allowed: Record<string, readonly string[]> = {
  kernel: [],
  config: [],
  store: [],
  audit: ['store'],
  ...Object.fromEntries(capabilities.map((name) => [name, ['store', 'audit']])),
  notices: ['store', 'audit', 'directory'],
  signals: ['store', 'audit'],
  scim: ['store', 'audit', 'directory'],
  gateways: [],
  signin: ['store', 'audit', 'notices', ...capabilities],
  protocol: ['store', 'audit', 'directory', 'clients', 'federation'],
  http: ['config'],
  routes: ['http', 'views', 'audit', 'signin', 'protocol', 'notices', 'signals', 'scim', 'gateways', ...capabilities],
  views: [],
};
const free = ['root', 'commands'];

/** The one door for each library: replacing it changes these files and no others. */
const doors: Record<string, RegExp> = {
  mongodb: /^src\/store\/(?:mongodb|index)/,
  'node:sqlite': /^src\/store\//,
  'oidc-provider': /^src\/(?:protocol\/|signin\/|app\.ts$)/,
  'openid-client': /^src\/federation\/oidc(?:-[a-z]+)?\.ts$/,
  '@node-saml/node-saml': /^src\/federation\/saml\.ts$/,
  ldapts: /^src\/federation\/ldap-session\.ts$/,
  'xml-crypto': /^src\/federation\/saml-signature\.ts$/,
  '@xmldom/xmldom': /^src\/federation\/saml-xml\.ts$/,
  '@peculiar/x509': /^src\/federation\/saml-keys\.ts$/,
  otplib: /^src\/factors\/totp\.ts$/,
  uqr: /^src\/routes\/qr\.ts$/,
  '@simplewebauthn/server': /^src\/factors\/webauthn(?:-[a-z]+)?\.ts$/,
  nodemailer: /^src\/notices\/smtp\.ts$/,
  zod: /^src\/(?:config|http|routes|commands|federation)\//,
  // openid-client verifies ID tokens; logout tokens and Okta's revocation tokens it does not know.
  jose: /^src\/(?:protocol\/|federation\/oidc-tokens\.ts$)/,
  yaml: /^src\/(?:config|commands)\//,
  pino: /^src\/kernel\/log\.ts$/,
  'prom-client': /^src\/http\/metrics\.ts$/,
  'ipaddr.js': /^src\/(?:kernel\/fetch|http\/proxies)\.ts$/,
};

/** One import of a file. */
export interface Import {
  specifier: string;
  /** Types vanish before the program runs: they bind folders, but make no cycle. */
  typeOnly: boolean;
  /** Loaded when it is needed: binds folders, but makes no cycle either. */
  late: boolean;
}

const statement = /^(import|export)\b([^'";]*?)\bfrom '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm;

/** What a file imports, in the order of its text. */
export function importsOf(text: string): Import[] {
  return [...text.matchAll(statement)].map(([, , names = '', from, bare, late]) => ({
    specifier: from ?? bare ?? late ?? '',
    typeOnly: /^ type\b/.test(names) || /^ \{\s*(?:type [^,}]+,?\s*)+\}\s*$/.test(names),
    late: late !== undefined,
  }));
}

/** `views`, a folder of src, or `root` for the files right under src. */
function folder(path: string): string {
  const [top = '', name = '', ...rest] = path.split('/');
  return top === 'src' ? (rest.length > 0 ? name : 'root') : top;
}

function wrongImports({ path, text }: Source): string[] {
  const from = folder(path);
  return importsOf(text).flatMap(({ specifier, typeOnly }) => {
    if (!specifier.startsWith('.')) {
      const door = doors[specifier];
      return door && !door.test(path) ? [`${path} imports ${specifier}, which has another door`] : [];
    }
    const target = join(dirname(path), specifier);
    const to = folder(target);
    if (free.includes(from) || from === to) return [];
    const fits =
      from === 'views' ? target === 'src/kernel/html.ts' : to === 'kernel' || (allowed[from] ?? []).includes(to);
    if (!fits) return [`${path} imports ${target}; ${from} may not use ${to}`];
    return from === 'http' && to === 'config' && !typeOnly ? [`${path} imports more than types from config`] : [];
  });
}

/** What each file loads when it is loaded: other files by their paths, packages by their names. */
const loading = (sources: readonly Source[]): Map<string, string[]> =>
  new Map(
    sources.map(({ path, text }) => [
      path,
      importsOf(text)
        .filter(({ typeOnly, late }) => !typeOnly && !late)
        .map(({ specifier }) => (specifier.startsWith('.') ? join(dirname(path), specifier) : specifier)),
    ]),
  );

/** Commands that load the server's library: it takes as long as all else that a command loads. */
function slowCommands(sources: readonly Source[]): string[] {
  const graph = loading(sources);
  const reaches = (path: string, seen: Set<string>): boolean => {
    if (path === 'oidc-provider') return true;
    if (seen.has(path)) return false;
    seen.add(path);
    return (graph.get(path) ?? []).some((next) => reaches(next, seen));
  };
  return [...graph.keys()]
    .filter((path) => path.startsWith('src/commands/') && reaches(path, new Set()))
    .map((path) => `${path} loads oidc-provider, which only a server needs`);
}

/** Ways through the files that come back to where they began, each told once. */
function cycles(sources: readonly Source[]): string[] {
  const graph = loading(sources);
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) found.push(`cycle: ${[...trail.slice(trail.indexOf(path)), path].join(' → ')}`);
    if (done.has(path) || trail.includes(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return found;
}

const badFolder = /(?:^|\/)(?:utils?|helpers?|common|shared|services?|managers?|types|lib|misc)\//;
const silenced = new RegExp(
  ['biome-ig' + 'nore', '@ts-(?:ig' + 'nore|expect-error|nocheck)', '\\bTO' + 'DO\\b', '\\bFIX' + 'ME\\b'].join('|'),
);
const elsewhere = new RegExp(['\\.\\./sha' + 'red', '(?<![\\w.])/wo' + 'rk/', '(?<![\\w.])/t' + 'mp/'].join('|'));

function wrongText({ path, text }: Source): string[] {
  const ours = path.startsWith('src/') || path.startsWith('views/');
  const lines = text.split('\n');
  const rules: [boolean, string][] = [
    [lines.length > 301, 'has more than 300 lines'],
    [badFolder.test(path), 'stands in a folder whose name says nothing'],
    [ours && /\/index\.ts$/.test(path) && path !== 'src/store/index.ts', 'is a barrel'],
    [/^export \* from/m.test(text), 'hands on everything of another file'],
    [
      ours && path !== 'src/config/load.ts' && /\bprocess\.env\b/.test(text),
      'reads process.env; only src/config/load.ts does',
    ],
    [silenced.test(text), 'silences a check or leaves work undone'],
    [elsewhere.test(text), 'names a place outside the project'],
    [
      ours && folder(path) !== 'root' && !free.includes(folder(path)) && !allowed[folder(path)],
      'stands in a folder that is not in the plan',
    ],
  ];
  // A type that is read off a value is explained where the value is; further signatures of a function at its first one.
  const undocumented = lines.filter((line, at) => {
    if (!/^export (?!\{|type \{|type.*\btypeof\b)/.test(line) || /\*\/\s*$/.test(lines[at - 1] ?? '')) return false;
    const overloaded = /^export (?:async )?function \w+/.exec(line)?.[0];
    return overloaded === undefined || lines.findIndex((other) => other.startsWith(`${overloaded}(`)) === at;
  });
  return [
    ...rules.filter(([broken]) => broken).map(([, what]) => `${path} ${what}`),
    ...(ours ? undocumented : []).map((line) => `${path}: nothing says what this promises: ${line.slice(0, 60)}`),
  ];
}

/** Every place where these files break the rules of the house; empty when they keep them. */
export function broken(sources: readonly Source[]): string[] {
  const kernel = sources.filter(({ path }) => path.startsWith('src/kernel/'));
  return [
    ...sources.flatMap(wrongText),
    ...sources.filter(({ path }) => /^(?:src|views)\//.test(path)).flatMap(wrongImports),
    ...cycles(sources),
    ...slowCommands(sources),
    ...(kernel.length > 5 ? ['src/kernel has more than five files'] : []),
  ];
}
