import { randomBytes } from 'node:crypto';
import type { House } from '../../src/house.ts';
import { drawnToken } from './work.ts';

const actor = 'cli';
const lifetime = 24 * 3600;
const api = 'https://api.example.test/rights';
const [groups, permissions] = [50, 200];
const client = 'demo-web';

/** Every kind of token that is introspected, by the name under which its values are drawn. */
export const people = { held: 'somebody with rights', plain: 'somebody without' };

/**
 * So many people in 50 groups whose roles come to 200 permissions, and as many who are in no group and hold nothing; each
 * with a token that asks for the same few of the permissions.
 */
export async function rights(house: House, count: string): Promise<void> {
  const { access, users } = house;
  const names = Array.from({ length: permissions }, (_none, index) => `p${index}:read`);
  await access.saveApi({ id: api, permissions: names, tokenFormat: 'opaque', signingAlg: 'RS256', routes: [] }, actor);
  const all = await Promise.all(Array.from({ length: groups }, (_none, index) => group(house, index, names)));
  for (let index = 0; index < Number(count); index += 1) {
    const [held, plain] = await Promise.all(
      Object.keys(people).map((kind) => users.add({ email: `${kind}-${index}@example.test` }, actor)),
    );
    if (!held || !plain) throw new Error('a person was not added');
    await Promise.all(all.map((name) => house.groups.join(`user:${held.id}`, name, actor)));
    const scope = names.slice(0, 5).join(' ');
    await Promise.all([
      issued(house, { account: held.id, value: drawnToken(people.held, index), scope }),
      issued(house, { account: plain.id, value: drawnToken(people.plain, index), scope }),
    ]);
  }
}

/** A group with a role on its part of the permissions. */
async function group({ access, groups: all }: House, index: number, names: readonly string[]): Promise<string> {
  const id = `group-${index}`;
  const part = names.filter((_name, at) => at % groups === index).map((name) => `${api}#${name}`);
  await access.saveRole({ id: `role-${index}`, permissions: part, includes: [] }, actor);
  await all.save({ id, includes: [] }, actor);
  await access.assign(`group:${id}`, `role-${index}`, actor);
  return id;
}

/** A token of a sign-in as the code flow leaves it. */
async function issued(
  { records }: House,
  { account, value, scope }: { account: string; value: string; scope: string },
) {
  const [grant, iat] = [randomBytes(16).toString('base64url'), Math.floor(Date.now() / 1000)];
  const common = {
    accountId: account,
    clientId: client,
    iat,
    exp: iat + lifetime,
    jti: randomBytes(16).toString('base64url'),
  };
  await records.grants.put({ id: grant, payload: { ...common, kind: 'Grant' }, account, client }, lifetime);
  const extra = { acr: '1fa', amr: ['pwd'], auth_time: iat };
  const payload = { ...common, kind: 'AccessToken', grantId: grant, aud: api, scope, extra };
  await records.tokens.insert({ id: records.tokenId(value), payload, grant }, lifetime);
}
