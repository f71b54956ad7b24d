import type { Client, Move } from '../clients/clients.ts';
import { limitText } from '../clients/tier-limits.ts';
import type { Tiers } from '../clients/tiers.ts';
import { given } from '../http/given.ts';
import { missing } from '../kernel/errors.ts';
import { clientDocument, clientReply } from '../routes/client-document.ts';
import { type Command, command, type Input } from './command.ts';
import { moment } from './listing.ts';
import { actor, inHouse } from './office.ts';
import { whole } from './reading.ts';

/** A client as everybody may see it. */
export const shownClient = (client: Client) => clientReply.parse(clientDocument(client));

const reason = { value: 'TEXT', about: 'Why; the audit trail keeps it' } as const;
const tier = { value: 'TIER', about: 'SLA tier, as introspection tells it to gateways' } as const;

/** Makes the move, and says where the client stands now. */
const decide = (id: string, move: Move, detail: object, answer: Input['answer']): Promise<void> =>
  inHouse(async ({ clients, tiers }) => {
    const client = await clients.decide(id, move, actor, detail);
    const more = client.state === 'approved' ? await tierTold(tiers, client.tier) : '';
    answer(shownClient(client), `${client.id} is ${client.state}${more}`);
  });

/** A tier that nobody has defined is a name for gateways, which is worth knowing. */
async function tierTold(tiers: Tiers, name: string | undefined): Promise<string> {
  if (name === undefined) return '';
  const tier = await tiers.named(name);
  if (tier) return ` (tier ${name}: ${tier.limits.map(limitText).join(', ') || 'no limits'})`;
  return ` (tier ${name}, a name without limits; define them: sallyport tier add ${name} --limit '100 per minute')`;
}

const approve = command({
  words: ['client', 'approve'],
  operands: ['id'],
  options: { tier },
  about: 'Let a registered client get tokens',
  run: ({ operands, options, answer }) => decide(operands.id, 'approve', given({ tier: options.tier }), answer),
});

const withReason = (move: 'reject' | 'suspend' | 'revoke', about: string): Command =>
  command({
    words: ['client', move],
    operands: ['id'],
    options: { reason },
    about,
    run: ({ operands, options, answer }) => decide(operands.id, move, given({ reason: options.reason }), answer),
  });

const resume = command({
  words: ['client', 'resume'],
  operands: ['id'],
  about: 'Let a suspended client in again',
  run: ({ operands, answer }) => decide(operands.id, 'resume', {}, answer),
});

const rotateSecret = command({
  words: ['client', 'rotate-secret'],
  operands: ['id'],
  options: {
    overlap: { value: 'SECONDS', about: 'How long the older secret still counts (default a day; 0: no longer)' },
  },
  about: 'Give a client a new secret, printed once',
  run: ({ operands, options, answer }) =>
    inHouse(async ({ clients }) => {
      const overlap = whole('overlap', options.overlap);
      const { client, secret } = await clients.rotateSecret(operands.id, actor, overlap);
      const end = client.secrets.find(({ expires }) => expires !== undefined)?.expires;
      const older = end === undefined ? '' : `\nThe older secret counts until ${moment(end)}`;
      answer({ ...shownClient(client), client_secret: secret }, `Secret (shown this once): ${secret}${older}`);
    }),
});

const introspectionToken = command({
  words: ['client', 'introspection-token'],
  operands: ['id'],
  options: {
    overlap: { value: 'SECONDS', about: 'How long the older token still counts (default a day; 0: no longer)' },
    remove: { about: 'End all that it has, and make none' },
  },
  about: 'Give a gateway a token to introspect with, for one that can only send a fixed header; it is printed once',
  run: ({ operands: { id }, options, answer }) =>
    inHouse(async ({ clients, introspectionTokens }) => {
      if (options.remove) {
        if (!(await clients.get(id))) throw missing(`The client ${id}`);
        const removed = await introspectionTokens.remove(id, actor);
        return answer({ client_id: id, removed }, `${id} has no introspection token any more`);
      }
      const { token, older } = await introspectionTokens.make(id, actor, whole('overlap', options.overlap));
      const before = older === undefined ? '' : `\nThe older token counts until ${moment(older)}`;
      const document = { client_id: id, introspection_token: token, ...given({ older_expires: older }) };
      return answer(document, `Header (shown this once): Authorization: Bearer ${token}${before}`);
    }),
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
