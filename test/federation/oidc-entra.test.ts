import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { oidc } from '../../src/federation/oidc.ts';
import { connectionTo, login, reasonOf, remembering, surroundings } from '../support/federating.ts';
import { type HostileProvider, hostileProvider, type Lies } from '../support/hostile-provider.ts';

let provider: HostileProvider;
let elsewhere: HostileProvider;

before(async () => {
  provider = await hostileProvider();
  elsewhere = await hostileProvider();
});
beforeEach(() => {
  provider.reset();
  elsewhere.reset();
});
after(() => {
  provider.close();
  elsewhere.close();
});

const home = '72f988bf-86f1-41af-91ab-2d7cd011db47';
const foreign = '11111111-2222-4333-8444-555555555555';
const person = 'e178c9a1-2f0e-4c0d-9d2c-90d6b4ad9c3e';
const shared = () => `${provider.issuer}/{tenantid}/v2.0`;
const issuerOf = (tenant: string) => `${provider.issuer}/${tenant}/v2.0`;

/** The double as Entra: one document and one key set for all tenants. */
function asEntra(
  tenant = home,
  { claims = {}, keyIssuer = shared(), iss = undefined as string | undefined } = {},
): void {
  provider.claims = { sub: 'pairwise', tid: tenant, oid: person, iss: issuerOf(tenant), ...claims };
  provider.lies = {
    discovery: (said) => ({ ...said, issuer: shared(), authorization_response_iss_parameter_supported: false }),
    keys: () => ({ keys: [{ ...provider.key.jwk, issuer: keyIssuer }] }),
    reply: (said) => ({ ...said, iss }),
  };
}

async function signIn(settings: object = {}, trace = remembering()) {
  const entra = { issuer: shared(), tenants: [home], subject: ['tid', 'oid'], userinfo: false, preset: 'entra-oidc' };
  const connector = oidc(connectionTo('', { ...entra, ...settings }), surroundings());
  const handoff = await connector.begin(login());
  if (handoff.by !== 'redirect') throw new Error('an OIDC connector redirects');
  const fields = Object.fromEntries(
    Object.entries(provider.answer(handoff.url)).filter(([, value]) => value !== undefined),
  );
  return connector.complete({ method: 'GET', fields, raw: '' }, login(), handoff.memo, trace);
}

describe('Entra’s issuer for several tenants', () => {
  it('lets the tenants of the connection in, each under its own issuer', async () => {
    asEntra();
    const trace = remembering();
    const identity = await signIn({}, trace);
    assert.deepEqual([identity.subject, identity.issuer], [`${home}|${person}`, issuerOf(home)]);
    assert.ok(trace.checks.includes('issuer of the signing key'));
    assert.equal(provider.count('/organizations/token'), 1, 'the code is redeemed once');
  });

  it('compares the issuer that the browser brings, when it brings one', async () => {
    asEntra(home, { iss: issuerOf(home) });
    assert.equal((await signIn()).subject, `${home}|${person}`);
    asEntra(home, { iss: issuerOf(foreign) });
    assert.equal(await reasonOf(signIn()), 'wrong_tenant');
    asEntra(home, { iss: provider.issuer });
    assert.equal(await reasonOf(signIn()), 'wrong_tenant');
    asEntra(home, { iss: issuerOf(foreign) });
    assert.equal(await reasonOf(signIn({ tenants: [home, foreign] })), 'malformed');
  });

  const refused: [string, () => void, object, string][] = [
    ['another tenant', () => asEntra(foreign), {}, 'wrong_tenant'],
    ['any tenant, when none is allowed', () => asEntra(), { tenants: [] }, 'wrong_tenant'],
    ['a tenant that is no GUID', () => asEntra('organizations'), {}, 'wrong_tenant'],
    ['a token without a tenant', () => asEntra(home, { claims: { tid: undefined } }), {}, 'wrong_tenant'],
    [
      'the tenant of one and the issuer of another',
      () => asEntra(home, { claims: { iss: issuerOf(foreign) } }),
      {},
      'wrong_issuer',
    ],
    ['the placeholder as issuer', () => asEntra(home, { claims: { iss: shared() } }), {}, 'wrong_issuer'],
    ['a key of another tenant', () => asEntra(home, { keyIssuer: issuerOf(foreign) }), {}, 'wrong_key_issuer'],
    ['a key that does not say whose it is', () => asEntra(home, { keyIssuer: '' }), {}, 'wrong_key_issuer'],
    ['a subject that is not unique across tenants', () => asEntra(), { subject: ['oid'] }, 'ambiguous_subject'],
  ];
  for (const [name, prepare, settings, reason] of refused) {
    it(`refuses ${name}`, async () => {
      prepare();
      assert.equal(await reasonOf(signIn(settings)), reason);
    });
  }

  it('refuses a key without an issuer', async () => {
    asEntra();
    provider.lies.keys = () => ({ keys: [provider.key.jwk] });
    assert.equal(await reasonOf(signIn()), 'wrong_key_issuer');
  });

  it('refuses an answer without an ID token', async () => {
    asEntra();
    provider.lies.token = (said) => ({ ...said, id_token: undefined });
    assert.equal(await reasonOf(signIn()), 'no_id_token');
  });

  it('looks at the key’s issuer for one tenant too', async () => {
    const settings = { issuer: issuerOf(home) };
    const single = { ...settings, authorization_response_iss_parameter_supported: false };
    asEntra(home, { keyIssuer: issuerOf(foreign) });
    provider.lies.discovery = (said) => ({ ...said, ...single });
    assert.equal(await reasonOf(signIn(settings)), 'wrong_key_issuer');
    asEntra();
    provider.lies.discovery = (said) => ({ ...said, ...single });
    assert.equal((await signIn(settings)).issuer, issuerOf(home));
  });
});

const overage = JSON.parse(
  readFileSync(join(import.meta.dirname, '../fixtures/federation/oidc/entra-overage.json'), 'utf8'),
).idToken;

describe('groups that did not fit into Entra’s token', () => {
  const asking = () => ({ groups: ['groups', 'roles'], overage: 'graph', graph: provider.issuer });
  const me = '/v1.0/me/getMemberObjects';
  const application = `/v1.0/users/${person}/getMemberObjects`;
  const tooMany = (lies: Lies = {}) => {
    asEntra(home, { claims: overage });
    Object.assign(provider.lies, lies);
  };

  it('are asked for with the person’s token, together with the roles of the token', async () => {
    tooMany();
    const { groups } = await signIn(asking());
    assert.deepEqual(groups, ['Orders.Write', 'group-1']);
    const [asked] = provider.asked.filter(({ path }) => path === me);
    assert.deepEqual(
      [asked?.method, asked?.headers.authorization, asked?.body],
      ['POST', 'Bearer access', '{"securityEnabledOnly":true}'],
    );
  });

  it('are asked for with the application’s token of the person’s tenant, when the person’s will not do', async () => {
    tooMany({ status: { [me]: 403 } });
    assert.deepEqual((await signIn(asking())).groups, ['Orders.Write', 'group-1']);
    const [asked] = provider.asked.filter(({ path }) => path === application);
    assert.equal(asked?.headers.authorization, 'Bearer application');
    const [token] = provider.asked.filter(({ form }) => form.get('grant_type') === 'client_credentials');
    assert.equal(token?.path, `/${home}/token`);
    assert.equal(token?.form.get('scope'), `${provider.issuer}/.default`);
  });

  it('are read from every page', async () => {
    let pages = 0;
    tooMany({
      graph: () => {
        pages += 1;
        const next = pages < 3 ? { '@odata.nextLink': `${provider.issuer}/v1.0/page/${pages}` } : {};
        return { value: [`group-${pages}`], ...next };
      },
    });
    assert.deepEqual((await signIn(asking())).groups, ['Orders.Write', 'group-1', 'group-2', 'group-3']);
  });

  it('are never asked for where the token says, nor where Graph points to elsewhere', async () => {
    const endpoint = { src1: { endpoint: `${elsewhere.issuer}/v1.0/groups` } };
    tooMany({ graph: () => ({ value: [], '@odata.nextLink': `${elsewhere.issuer}/v1.0/page/2` }) });
    provider.claims._claim_sources = endpoint;
    assert.equal(await reasonOf(signIn(asking())), 'graph_refused');
    assert.deepEqual(elsewhere.asked, []);
  });

  const failures: [string, Lies][] = [
    ['Graph refuses both tokens', { status: { [me]: 401, [application]: 403 } }],
    ['Graph fails', { status: { [me]: 500, [application]: 500 } }],
    ['the application gets no token', { status: { [me]: 403, [`/${home}/token`]: 401 } }],
    ['Graph says nothing', { graph: () => ({}) }],
    ['Graph says something else', { graph: () => ({ value: [{ id: 'group-1' }] }) }],
    ['the pages never end', { graph: () => ({ value: ['g'], '@odata.nextLink': `${provider.issuer}/v1.0/next` }) }],
  ];
  for (const [name, lies] of failures) {
    it(`refuse the sign-in when ${name}`, async () => {
      tooMany(lies);
      assert.equal(await reasonOf(signIn(asking())), 'graph_refused');
    });
  }

  it('refuse the sign-in where nobody may ask', async () => {
    tooMany();
    assert.equal(await reasonOf(signIn({ ...asking(), overage: 'refuse' })), 'groups_overage');
  });

  it('do not matter to a connection that reads roles only', async () => {
    tooMany();
    assert.deepEqual((await signIn({ ...asking(), groups: ['roles'], overage: 'refuse' })).groups, ['Orders.Write']);
  });
});
