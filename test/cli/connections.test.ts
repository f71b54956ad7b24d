import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Cli, cli } from '../support/cli.ts';
import { type Describing, describing } from '../support/discovery.ts';
import { type NameServer, nameServer } from '../support/name-server.ts';

let sallyport: Cli;
let provider: Describing;
let names: NameServer;
before(async () => {
  [provider, names] = await Promise.all([describing(), nameServer()]);
  sallyport = await cli({ SALLYPORT_OUTGOING_NAME_SERVERS: names.address });
});
after(() => {
  provider.close();
  names.close();
});

const add = (id: string, ...more: string[]) => ['connection', 'add', id, '--preset', 'generic-oidc', ...more];
const client = ['--client-id', 'us', '--client-secret-stdin'];

describe('sallyport connection', () => {
  it('adds a provider from its issuer, and prints what has to be entered there', async () => {
    const { status, stdout, stderr } = await sallyport.run(
      add('corp', '--from', provider.url, ...client),
      's3cret-of-corp\n',
    );
    assert.deepEqual([status, stderr], [0, '']);
    assert.match(stdout, /http:\/\/localhost:3000\/federation\/corp\/callback/);
    assert.match(stdout, /http:\/\/localhost:3000\/federation\/corp\/backchannel-logout/);
    const shown = await sallyport.run(['connection', 'show', 'corp', '--json']);
    assert.doesNotMatch(shown.stdout, /s3cret/);
    const { issuer, has_client_secret: has, provision, mfa } = JSON.parse(shown.stdout);
    assert.deepEqual([issuer, has, provision, mfa], [provider.url, true, false, 'ignore']);
  });

  it('adds a directory and Entra’s file for many tenants, each by its preset', async () => {
    const directory = ['--preset', 'active-directory', '--from', 'ldap://dc.example.com/DC=example,DC=com'];
    const ad = await sallyport.json(
      ['connection', 'add', 'ad', ...directory, '--bind-dn', 'CN=r', '--bind-password-stdin'],
      'pw',
    );
    assert.deepEqual(
      [ad.kind, ad.servers, ad.base, ad.start_tls, ad.subject],
      ['ldap', ['ldap://dc.example.com'], 'DC=example,DC=com', true, 'objectGUID'],
    );
    const place = 'https://login.microsoftonline.com/organizations';
    const document = {
      issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0',
      authorization_endpoint: `${place}/a`,
      token_endpoint: `${place}/t`,
      jwks_uri: `${place}/k`,
    };
    const file = join(sallyport.directory, 'discovery.json');
    writeFileSync(file, JSON.stringify(document));
    const entra = ['connection', 'add', 'entra', '--preset', 'entra-oidc', '--from', file, ...client];
    const refused = await sallyport.run(entra, 'secret');
    assert.match(refused.stderr, /name those that may sign in \(--tenant\)/);
    const tenant = '6f1d6c52-0d3f-4f56-9f0e-1f2a3b4c5d6e';
    const added = await sallyport.json([...entra, '--tenant', tenant], 'secret');
    assert.deepEqual([added.issuer, added.tenants, added.subject], [document.issuer, [tenant], ['tid', 'oid']]);
  });

  const refused: [string, string[], RegExp][] = [
    ['another issuer than the one that was given', ['--from', `localhost-instead`], /no file|cannot be read/],
    ['no address at all', [], /It takes the address of the provider.*\(--from\)/],
    ['http to another machine', ['--from', 'http://idp.example.com'], /https address/],
    ['a second factor that nothing proves', ['--mfa', 'accept'], /needs evidence/],
    ['a role that administers', ['--map-group', 'x=administrator'], /administers this server/],
    ['an address as the key of a person (sec-213)', ['--map', 'subject=email'], /can belong to another person/],
    ['a claim that profiles do not have', ['--map', 'roles=x'], /mapping.roles cannot be set/],
  ];
  for (const [name, options, sentence] of refused) {
    it(`refuses ${name}`, async () => {
      const from = options.includes('--from') || options.length === 0 ? [] : ['--from', provider.url];
      const { status, stderr, stdout } = await sallyport.run(add('wrong', ...from, ...options, ...client), 'secret');
      assert.deepEqual([status, stdout], [1, '']);
      assert.match(stderr, sentence);
      assert.equal(stderr.trim().split('\n').length, 1);
    });
  }

  it('compares the issuer letter by letter (sec-205)', async () => {
    provider.says.issuer = `${provider.url}/`;
    const { status, stderr } = await sallyport.run(add('other', '--from', provider.url, ...client), 'secret');
    delete provider.says.issuer;
    assert.equal(status, 1);
    assert.match(stderr, /calls itself .*\/, not .*give that address \(--from\)/);
  });

  it('changes what is named, and says of a role that it is not there', async () => {
    const { stdout } = await sallyport.run([
      'connection',
      'set',
      'corp',
      '--map-group',
      'cn=a,dc=b=reader',
      '--map-group',
      'cn=a,dc=b=group:crew',
      '--map',
      'name=display',
      '--hidden',
    ]);
    assert.match(stdout, /there is no role reader, no group crew yet/);
    const shown = await sallyport.json(['connection', 'show', 'corp']);
    const rules = [
      { upstream: 'cn=a,dc=b', role: 'reader' },
      { upstream: 'cn=a,dc=b', group: 'crew' },
    ];
    assert.deepEqual([shown.group_rules, shown.shown], [rules, false]);
    const { name, email } = Object(shown.mapping);
    assert.deepEqual([name, email], [['display'], ['email']]);
  });

  it('shows what the rules would make of claims', async () => {
    const claims = {
      sub: 's',
      display: 'Ana',
      email: 'ana@example.com',
      email_verified: true,
      groups: ['cn=a,dc=b', 'other'],
      hair: 'red',
    };
    const seen = await sallyport.json(['connection', 'preview', 'corp', '--claims', '-'], JSON.stringify(claims));
    assert.deepEqual(
      [seen.profile, seen.roles, seen.roles_missing, seen.groups_without_rule, seen.ignored, seen.email_verified],
      [{ name: 'Ana' }, ['reader'], ['reader'], ['other'], ['hair'], false],
    );
    assert.deepEqual([seen.groups, seen.groups_missing], [['crew'], ['crew']]);
  });

  it('verifies a domain by its TXT record, and gives it to one connection only (sec-215)', async () => {
    const added = await sallyport.json(['connection', 'domain', 'add', 'corp', 'Bücher.example']);
    const { name, value } = Object(added.record);
    assert.equal(name, '_sallyport.xn--bcher-kva.example');
    const verify = ['connection', 'domain', 'verify', 'corp', 'bücher.example'];
    assert.match((await sallyport.run(verify)).stderr, /does not have the TXT record sallyport-domain-verification=/);
    names.records.set(name, 'sallyport-domain-verification=of-somebody-else');
    assert.equal((await sallyport.run(verify)).status, 1);
    names.records.set(name, value);
    assert.equal((await sallyport.json(verify)).verified, 'dns');
    const other = await sallyport.run(['connection', 'domain', 'add', 'ad', 'bücher.example']);
    assert.match(other.stderr, /already in use/);
  });

  it('enables, disables, refreshes, and removes', async () => {
    assert.equal((await sallyport.json(['connection', 'disable', 'corp'])).state, 'disabled');
    assert.equal((await sallyport.json(['connection', 'enable', 'corp'])).state, 'enabled');
    await sallyport.json(['connection', 'refresh', 'corp']);
    assert.match((await sallyport.run(['connection', 'refresh', 'ad'])).stderr, /nothing to read again/);
    await sallyport.json(['connection', 'remove', 'corp']);
    assert.equal((await sallyport.run(['connection', 'show', 'corp'])).status, 1);
    const events = await sallyport.json<{ type: string; actor: string }[]>([
      'audit',
      'search',
      '--target',
      'connection:corp',
    ]);
    assert.deepEqual(
      events.map(({ type }) => type.replace('connection.', '')),
      ['created', 'changed', 'disabled', 'enabled', 'refreshed', 'removed'],
    );
    const again = await sallyport.json(['connection', 'domain', 'add', 'ad', 'bücher.example']);
    assert.equal(again.verified, undefined);
  });
});
