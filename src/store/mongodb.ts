import type { Store } from './port.ts';

export async function openMongodb(_url: string, _options: { now: () => number; timeoutMs: number }): Promise<Store> {
  throw new Error('to come');
}
