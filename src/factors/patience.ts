/** Failures that cost nothing, then a delay (seconds) that doubles with each until it is the longest. */
export interface Patience {
  free: number;
  first: number;
  longest: number;
}

/** How long to wait after so many failures (seconds). */
export const delay = (failures: number, { free, first, longest }: Patience): number =>
  failures < free ? 0 : Math.min(longest, first * 2 ** Math.min(failures - free, 20));
