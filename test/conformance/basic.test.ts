import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { answerModules, refreshModule } from './answer-modules.ts';
import { dynamicClient, staticClient, suiteRegistrar } from './clients.ts';
import { RelyingParty, type SuiteClient } from './relying-party.ts';
import { requestModules } from './request-modules.ts';

describe('OpenID certification, Basic OP and Form Post OP', () => {
  let app: TestApp;
  let registrar: string;
  before(async () => {
    app = await startApp();
    registrar = await suiteRegistrar(app);
  });
  after(() => app.close());

  const fresh = (kind: string, method: SuiteClient['method'] = 'client_secret_basic') =>
    kind === 'static'
      ? staticClient(app, method)
      : dynamicClient(app, registrar, {
          token_endpoint_auth_method: method,
          grant_types: ['authorization_code', 'refresh_token'],
        });

  for (const [plan, kind, formPost] of [
    ['oidcc-basic-certification-test-plan (static client)', 'static', false],
    ['oidcc-basic-certification-test-plan (dynamic client)', 'dynamic', false],
    ['oidcc-formpost-basic-certification-test-plan (static client)', 'static', true],
  ] as const) {
    describe(plan, () => {
      const party = async () => new RelyingParty(app, await fresh(kind), { formPost });
      answerModules(party);
      requestModules(party);
      refreshModule(party);

      it('oidcc-server-client-secret-post: the secret in the body', async () => {
        await new RelyingParty(app, await fresh(kind, 'client_secret_post'), { formPost }).signIn();
      });
    });
  }
});
