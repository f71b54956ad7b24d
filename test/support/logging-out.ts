import assert from 'node:assert/strict';
import { startApp, type TestApp } from './app.ts';
import { Traveller } from './federation.ts';
import { type HostileProvider, hostileProvider } from './hostile-provider.ts';
import { basic, post } from './oauth.ts';
import { authorization, introspect, redeem } from './signing-in.ts';

const now = () => Math.floor(Date.now() / 1000);

/** Clients and providers of these tests are on this machine. */
export const near = { SALLYPORT_OUTGOING_ALLOW_PRIVATE: 'true' };

/** A server of ours with two connections, `double` and `other`, to one provider that is played here. */
export class Visitors {
  readonly home: TestApp;
  readonly double: HostileProvider;
  #count = 0;

  private constructor(home: TestApp, double: HostileProvider) {
    this.home = home;
    this.double = double;
  }

  static async start(): Promise<Visitors> {
    const [home, double] = await Promise.all([startApp(near), hostileProvider()]);
    const more = {
      name: 'Double',
      preset: 'generic-oidc',
      provision: true,
      clientId: 'client',
      clientSecret: 'secret',
    };
    const said = { from: double.issuer, ...more };
    await home.parts.connections.add({ id: 'double', universalLogout: true, ...said }, 'cli');
    await home.parts.connections.add({ id: 'other', ...said }, 'cli');
    return new Visitors(home, double);
  }

  async close(): Promise<void> {
    this.double.close();
    await this.home.close();
  }

  /** Signs somebody in at the double, with this session there. */
  async signedIn(sub: string, sid: string | undefined, { id = 'double', scope = 'openid email' } = {}) {
    const { home, double } = this;
    double.claims = { sub, email: `${sub}@${id}.example`, ...(sid === undefined ? {} : { sid }) };
    double.now = now();
    const browser = new Traveller(home);
    const offline = scope.includes('offline_access') ? { prompt: 'consent' } : {};
    const { url } = await browser.open(authorization(home, { idp_hint: id, scope, ...offline }));
    const fields = new URLSearchParams(double.answer(url.href));
    const page = await browser.open(`${home.issuer}/federation/${id}/callback?${fields}`);
    const tokens = await redeem(home, page.status === 200 ? await browser.submit(page, { decision: 'allow' }) : page);
    assert.ok(await this.isAlive(tokens.access_token));
    return { browser, tokens, sub: String(tokens.claims.sub) };
  }

  isAlive = async (token: string): Promise<boolean> => (await introspect(this.home, token)).active;

  isSignedIn = async (browser: Traveller): Promise<boolean> =>
    (await browser.open(authorization(this.home, { prompt: 'none' }))).url.searchParams.has('code');

  /** Uses a refresh token. */
  refreshed = (token: string) =>
    post(
      `${this.home.url}/oauth2/token`,
      { grant_type: 'refresh_token', refresh_token: token },
      basic(this.home.client('demo-web')),
    );

  lastRefusal = async () => (await this.home.parts.trail.search({ type: 'logout.refused' })).at(-1)?.detail;

  /** A token that the double signs, with an id of its own. */
  token(claims: Record<string, unknown>, header: Record<string, unknown>): string {
    this.#count += 1;
    const honest = { iss: this.double.issuer, aud: 'client', iat: now(), exp: now() + 120, jti: `id-${this.#count}` };
    return this.double.issue({ ...honest, ...claims }, header);
  }
}
