/**
 * The way from `start` through what includes what and back to it, first and last being `start`; undefined when there is
 * none. `includes` answers what a name includes.
 */
export async function circle(
  start: string,
  first: readonly string[],
  includes: (name: string) => Promise<readonly string[]>,
): Promise<string[] | undefined> {
  const seen = new Set<string>();
  const follow = async (names: readonly string[], path: readonly string[]): Promise<string[] | undefined> => {
    for (const name of names) {
      if (name === start) return [...path, name];
      if (seen.has(name)) continue;
      seen.add(name);
      const found = await follow(await includes(name), [...path, name]);
      if (found) return found;
    }
    return undefined;
  };
  return follow(first, [start]);
}
