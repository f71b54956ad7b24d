import ipaddr from 'ipaddr.js';

type Address = ReturnType<typeof ipaddr.parse>;
type Range = ReturnType<typeof ipaddr.parseCIDR>;

const remembered = 4096;

/** `1.2.3.4:567` and `[2001:db8::1]:567`, as some proxies write it, without the port. */
const withPort = /^(?:(\d+\.\d+\.\d+\.\d+):\d+|\[([^\]]+)\](?::\d+)?)$/;

function parse(text: string): Address | undefined {
  const bare = withPort.exec(text);
  const address = bare?.[1] ?? bare?.[2] ?? text;
  return ipaddr.isValid(address) ? ipaddr.process(address) : undefined;
}

const range = (text: string): Range => {
  if (text.includes('/')) return ipaddr.parseCIDR(text);
  const address = ipaddr.process(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
};

const within = (address: Address, [network, bits]: Range): boolean =>
  address.kind() === network.kind() && address.match(network, bits);

/** The proxies whose word counts: addresses and CIDR ranges. Throws when one of them is neither. */
export class Proxies {
  readonly #ranges: readonly Range[];
  readonly #known = new Map<string, boolean>();

  constructor(trusted: readonly string[]) {
    this.#ranges = trusted.map(range);
  }

  /** Whether what this address says about a request may be believed. */
  trusts(address: string): boolean {
    if (this.#ranges.length === 0) return false;
    const known = this.#known.get(address);
    if (known !== undefined) return known;
    const parsed = parse(address);
    const trusted = parsed !== undefined && this.#ranges.some((one) => within(parsed, one));
    if (this.#known.size >= remembered) this.#known.clear();
    this.#known.set(address, trusted);
    return trusted;
  }

  /** Who is calling: the first address, from the right of X-Forwarded-For, that is not a trusted proxy. */
  client(peer: string, forwardedFor: string | undefined): string {
    let address = peer;
    for (const hop of (forwardedFor ?? '').split(',').reverse()) {
      if (!this.trusts(address)) break;
      const next = parse(hop.trim());
      if (next === undefined) break;
      address = next.toString();
    }
    return plain(address);
  }
}

/** An IPv4 address that a dual-stack socket shows as `::ffff:a.b.c.d`, as `a.b.c.d`. */
export const plain = (address: string): string => (address.startsWith('::ffff:') ? address.slice(7) : address);

/** The last value of a comma-separated header: what the nearest proxy wrote. */
export const nearest = (header: string | string[] | undefined): string | undefined => {
  const text = Array.isArray(header) ? header.at(-1) : header;
  return text?.slice(text.lastIndexOf(',') + 1).trim() || undefined;
};
