import { connectionDocument } from '../routes/connection-document.ts';
import { command } from './command.ts';
import { moment } from './listing.ts';
import { actor, inHouse } from './office.ts';

const state = (verb: 'enable' | 'disable', about: string, said: string) =>
  command({
    words: ['connection', verb],
    operands: ['id'],
    about,
    run: ({ operands: { id }, answer }) =>
      inHouse(async ({ connections }, { issuer }) => {
        const connection = await connections.setState(id, `${verb}d`, actor);
        answer(connectionDocument(connection, issuer), `${said} the connection ${id}`);
      }),
  });

const refresh = command({
  words: ['connection', 'refresh'],
  operands: ['id'],
  about: 'Read now what the provider says of itself, instead of within the hour',
  run: ({ operands: { id }, answer }) =>
    inHouse(async ({ refreshing }, { issuer }) => {
      const connection = await refreshing.refresh(id, actor);
      const until = connection.kind === 'saml' ? moment(connection.validUntil) : undefined;
      const text = `Refreshed the connection ${id}${until === undefined ? '' : `; its metadata is good until ${until}`}`;
      answer(connectionDocument(connection, issuer), text);
    }),
});

const rotateKeys = command({
  words: ['connection', 'rotate-keys'],
  operands: ['id'],
  options: { 'at-once': { about: 'Use the new keys now: the provider has to know them already, or hear of them now' } },
  about: 'Make the next keys of ours: in our metadata at once, in use after 14 days; the old ones stay for 30 more',
  run: ({ operands: { id }, options, answer }) =>
    inHouse(async ({ connections }, { issuer }) => {
      const atOnce = options['at-once'];
      await connections.rotateKeys(id, actor, atOnce);
      const place = `${issuer}/federation/${id}/metadata`;
      const when = atOnce ? 'are in use now' : 'are in our metadata, and in use in 14 days';
      answer({ id, at_once: atOnce }, `New keys of the connection ${id} ${when}: ${place}`);
    }),
});

/** `sallyport connection enable|disable|refresh|rotate-keys` */
export const connectionLifeCommands = [
  state('enable', 'Let people in through a connection', 'Enabled'),
  state('disable', 'Keep a connection, but let nobody in through it', 'Disabled'),
  refresh,
  rotateKeys,
];
