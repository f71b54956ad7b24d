import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Recorded, Trail } from '../../src/audit/trail.ts';
import { verify } from '../../src/audit/verifying.ts';
import { Tiers } from '../../src/clients/tiers.ts';
import { openParts } from '../support/parts.ts';
import { worker } from '../support/processes.ts';
import { storeUrl } from '../support/store.ts';

describe('those who change something', () => {
  const [rounds, atOnce] = [5, 8];

  it(`sec-287 have left a row for each of their deeds, after ${rounds * atOnce} kills`, async () => {
    const place = await storeUrl();
    for (let round = 0; round < rounds; round += 1) {
      const names = Array.from({ length: atOnce }, (_, index) => `r${round}p${index}`);
      const all = await Promise.all(names.map((name) => worker('deeds', place, name)));
      for (const { go } of all) go();
      await Promise.all(
        all.map(async ({ heard, kill }, index) => {
          await heard(8 + index * 2);
          await kill();
        }),
      );
    }
    const parts = await openParts(place);
    const tiers = new Tiers(parts.store, parts.trail, { isApi: async () => true, clientsWith: async () => [] });
    const asked = new Map<string, number>();
    let deeds = 0;
    for await (const { type, detail } of allOf(parts.trail)) {
      const name = type === 'admin.asked' ? String(detail?.on) : '';
      if (name !== '') asked.set(name, (asked.get(name) ?? 0) + 1);
    }
    for (const { id, limits } of await tiers.list({ limit: 1000 })) {
      const done = limits[0]?.requests ?? 0;
      assert.ok((asked.get(`/tiers/${id}`) ?? 0) >= done, `${id} was changed ${done} times`);
      deeds += done;
    }
    assert.ok(deeds >= rounds * atOnce);
    assert.deepEqual((await verify(parts.trail)).findings, []);
    await parts.close();
  });
});

async function* allOf({ all }: Trail): AsyncGenerator<Recorded> {
  for (let after = ''; ; ) {
    const page = await all.find({}, { after, limit: 1000 });
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < 1000) return;
    after = last.id;
  }
}
