import { connectionReply } from '../routes/connection-document.ts';
import { deskCommand } from './desk.ts';
import { moment } from './listing.ts';

const state = (verb: 'enable' | 'disable', about: string, said: string) =>
  deskCommand({
    words: ['connection', verb],
    operands: ['id'],
    about,
    async run({ operands: { id }, answer }, desk) {
      const connection = await desk.call(`${verb}Connection`, connectionReply, { params: { id } });
      answer(connection, `${said} the connection ${id}`);
    },
  });

const refresh = deskCommand({
  words: ['connection', 'refresh'],
  operands: ['id'],
  about: 'Read now what the provider says of itself, instead of within the hour',
  async run({ operands: { id }, answer }, desk) {
    const connection = await desk.call('refreshConnection', connectionReply, { params: { id } });
    const until = moment(connection.valid_until);
    const text = `Refreshed the connection ${id}${until === undefined ? '' : `; its metadata is good until ${until}`}`;
    answer(connection, text);
  },
});

const rotateKeys = deskCommand({
  words: ['connection', 'rotate-keys'],
  operands: ['id'],
  options: { 'at-once': { about: 'Use the new keys now: the provider has to know them already, or hear of them now' } },
  about: 'Make the next keys of ours: in our metadata at once, in use after 14 days; the old ones stay for 30 more',
  async run({ operands: { id }, options, answer }, desk) {
    const atOnce = options['at-once'];
    await desk.tell('rotateConnectionKeys', { params: { id }, body: { at_once: atOnce } });
    const { addresses } = await desk.call('getConnection', connectionReply, { params: { id } });
    const when = atOnce ? 'are in use now' : 'are in our metadata, and in use in 14 days';
    const place = addresses.metadata === undefined ? '' : `: ${addresses.metadata}`;
    answer({ id, at_once: atOnce }, `New keys of the connection ${id} ${when}${place}`);
  },
});

/** `sallyport connection enable|disable|refresh|rotate-keys` */
export const connectionLifeCommands = [
  state('enable', 'Let people in through a connection', 'Enabled'),
  state('disable', 'Keep a connection, but let nobody in through it', 'Disabled'),
  refresh,
  rotateKeys,
];
