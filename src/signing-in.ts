import type { House } from './house.ts';
import { Completing } from './signin/completing.ts';
import { Federated } from './signin/federated.ts';
import { FirstProof } from './signin/first.ts';
import { SignIn } from './signin/flow.ts';
import { Joining } from './signin/joining.ts';
import { SecondProof } from './signin/second.ts';
import { Standards } from './signin/standards.ts';
import { ThroughProvider } from './signin/through.ts';

/** A sign-in, here and through providers, with all its factors. */
export function signingIn(house: House, provider: ConstructorParameters<typeof SignIn>[0]['provider']) {
  const { notices } = house;
  const parts = { ...house, standards: new Standards(house), completing: new Completing(house) };
  const signIn = new SignIn({ ...parts, provider });
  return {
    signIn,
    first: new FirstProof({ ...house, signIn }),
    second: new SecondProof({ ...house, signIn, notices: notices.able ? notices : undefined }),
    through: new ThroughProvider({ ...house, signIn, federated: new Federated(house), joining: new Joining(house) }),
  };
}
