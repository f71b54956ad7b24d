import type { Move } from '../clients/clients.ts';
import { limitText } from '../clients/tier-limits.ts';
import { given } from '../http/given.ts';
import { introspectionTokenReply, introspectionTokensReply } from '../routes/admin-introspection-tokens.ts';
import { clientReply, clientWithSecret } from '../routes/client-document.ts';
import { tierReply } from '../routes/tier-document.ts';
import type { Command, Input } from './command.ts';
import { type Desk, deskCommand } from './desk.ts';
import { moment } from './listing.ts';
import { whole } from './reading.ts';

const reason = { value: 'TEXT', about: 'Why; the audit trail keeps it' } as const;
const tier = { value: 'TIER', about: 'SLA tier, as introspection tells it to gateways' } as const;

/** What is decided, of which client, and what is said with it. */
interface Decision {
  id: string;
  move: Move;
  body?: object;
}

/** Makes the move, and says where the client stands now. */
async function decide(desk: Desk, { id, move, body = {} }: Decision, answer: Input['answer']): Promise<void> {
  const client = await desk.call(`${move}Client`, clientReply, { params: { id }, body });
  const more = client.state === 'approved' ? await tierTold(desk, client.tier) : '';
  answer(client, `${client.id} is ${client.state}${more}`);
}

/** A tier that nobody has defined is a name for gateways, which is worth knowing. */
async function tierTold(desk: Desk, name: string | undefined): Promise<string> {
  if (name === undefined) return '';
  const tier = await desk.find('getTier', tierReply, { params: { id: name } });
  if (tier) return ` (tier ${name}: ${tier.limits.map((limit) => limitText(given(limit))).join(', ') || 'no limits'})`;
  return ` (tier ${name}, a name without limits; define them: sallyport tier add ${name} --limit '100 per minute')`;
}

const approve = deskCommand({
  words: ['client', 'approve'],
  operands: ['id'],
  options: { tier },
  about: 'Let a registered client get tokens',
  run: ({ operands: { id }, options, answer }, desk) =>
    decide(desk, { id, move: 'approve', body: given({ tier: options.tier }) }, answer),
});

const withReason = (move: 'reject' | 'suspend' | 'revoke', about: string): Command =>
  deskCommand({
    words: ['client', move],
    operands: ['id'],
    options: { reason },
    about,
    run: ({ operands: { id }, options, answer }, desk) =>
      decide(desk, { id, move, body: given({ reason: options.reason }) }, answer),
  });

const resume = deskCommand({
  words: ['client', 'resume'],
  operands: ['id'],
  about: 'Let a suspended client in again',
  run: ({ operands: { id }, answer }, desk) => decide(desk, { id, move: 'resume' }, answer),
});

const rotateSecret = deskCommand({
  words: ['client', 'rotate-secret'],
  operands: ['id'],
  options: {
    overlap: { value: 'SECONDS', about: 'How long the older secret still counts (default a day; 0: no longer)' },
  },
  about: 'Give a client a new secret, printed once',
  async run({ operands: { id }, options, answer }, desk) {
    const body = given({ overlap: whole('overlap', options.overlap) });
    const client = await desk.call('rotateClientSecret', clientWithSecret, { params: { id }, body });
    const end = client.secrets.find(({ expires }) => expires !== undefined)?.expires;
    const older = end === undefined ? '' : `\nThe older secret counts until ${moment(end)}`;
    answer(client, `Secret (shown this once): ${client.client_secret}${older}`);
  },
});

const introspectionToken = deskCommand({
  words: ['client', 'introspection-token'],
  operands: ['id'],
  options: {
    overlap: { value: 'SECONDS', about: 'How long the older token still counts (default a day; 0: no longer)' },
    remove: { about: 'End all that it has, and make none' },
  },
  about: 'Give a gateway a token to introspect with, for one that can only send a fixed header; it is printed once',
  async run({ operands: { id }, options, answer }, desk) {
    if (options.remove) {
      const { items } = await desk.call('listIntrospectionTokens', introspectionTokensReply, { params: { id } });
      await desk.tell('removeIntrospectionTokens', { params: { id } });
      return answer({ client_id: id, removed: items.length }, `${id} has no introspection token any more`);
    }
    const body = given({ overlap: whole('overlap', options.overlap) });
    const made = await desk.call('addIntrospectionToken', introspectionTokenReply, { params: { id }, body });
    const end = made.older_expires;
    const before = end === undefined ? '' : `\nThe older token counts until ${moment(end)}`;
    return answer(made, `Header (shown this once): Authorization: Bearer ${made.introspection_token}${before}`);
  },
});

/** What is decided about a client in the course of its life. */
export const clientLifeCommands = [
  approve,
  withReason('reject', 'Refuse a client that waits for approval'),
  withReason('suspend', 'Keep a client out until it is resumed; its tokens are inactive meanwhile'),
  resume,
  withReason('revoke', 'End a client for ever; its tokens end at once'),
  rotateSecret,
  introspectionToken,
];
