import assert from 'node:assert/strict';
import { Authenticator } from './authenticator.ts';
import { issuer, type Parts } from './parts.ts';

/** From where tests of parts ask. */
export const seen = { ip: '192.0.2.1', requestId: 'r-1' };

const signin = { binding: 'signin u1' };

/** A person on one way in. */
export const place = (id: string, binding = 'session s1') => ({ person: { id, name: `${id}@x.test` }, binding });

/** Security keys and passkeys at these parts: enrolled and proven as pages would. */
export function keysAt(parts: Parts) {
  const { enrolments } = parts;
  const offer = async (id: string, binding?: string) =>
    (await enrolments.offer('webauthn', place(id, binding))).options;
  const accept = (id: string, response: string, binding?: string) =>
    enrolments.accept('webauthn', place(id, binding), { answer: { response }, name: '', seen });
  return {
    offer,
    accept,
    async enrol(id: string, key = new Authenticator({ origin: issuer })): Promise<Authenticator> {
      assert.equal((await accept(id, key.create(await offer(id)))).ok, true);
      return key;
    },
    async ask(user: string, binding = signin.binding) {
      const options = await enrolments.challenge({ user, binding });
      assert.ok(options);
      return options;
    },
    askAnybody: () => enrolments.challengeAnybody(signin),
    prove: (user: string, response: string, by = parts, binding = signin.binding) =>
      by.enrolments.prove('webauthn', { user, binding }, { response }, seen),
    proveAnybody: (response: string) => enrolments.provePasskey(signin, { response }, seen),
    /** Why proofs of this person were refused, as the trail has it. */
    refusals: async (user: string) =>
      (await parts.trail.search({ target: `user:${user}`, type: 'factor.refused' })).map(
        ({ detail }) => detail?.reason,
      ),
  };
}
