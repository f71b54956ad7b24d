import { domainReply } from '../routes/connection-document.ts';
import { deskCommand } from './desk.ts';

const add = deskCommand({
  words: ['connection', 'domain', 'add'],
  operands: ['id', 'domain'],
  about: 'Add a domain whose people come from there; prints the DNS record that proves it',
  async run({ operands: { id, domain }, answer }, desk) {
    const added = await desk.call('addConnectionDomain', domainReply, { params: { id }, body: { name: domain } });
    const { name, value } = added.record;
    const text = `Added the domain ${added.name}; it counts once it is verified. Put this into its DNS:\n${name} TXT "${value}"`;
    answer(added, text);
  },
});

const verify = deskCommand({
  words: ['connection', 'domain', 'verify'],
  operands: ['id', 'domain'],
  options: { 'by-administrator': { about: 'Do not ask DNS: you know that the domain belongs to them' } },
  about: 'Look for the proof of a domain in DNS; it is looked for again every day',
  async run({ operands: { id, domain }, options, answer }, desk) {
    const given = { params: { id, domain }, body: { by_administrator: options['by-administrator'] } };
    const verified = await desk.call('verifyConnectionDomain', domainReply, given);
    answer(verified, `The domain ${verified.name} is verified; its people are sent to ${id}`);
  },
});

const remove = deskCommand({
  words: ['connection', 'domain', 'remove'],
  operands: ['id', 'domain'],
  about: 'Remove a domain; the connection speaks for its people no more',
  async run({ operands: { id, domain }, answer }, desk) {
    await desk.tell('removeConnectionDomain', { params: { id, domain } });
    answer({ id, name: domain }, `Removed the domain ${domain} from ${id}`);
  },
});

/** `sallyport connection domain …` */
export const domainCommands = [add, verify, remove];
