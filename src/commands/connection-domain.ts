import { missing } from '../kernel/errors.ts';
import { domainDocument } from '../routes/connection-document.ts';
import { command } from './command.ts';
import { actor, inHouse } from './office.ts';

const add = command({
  words: ['connection', 'domain', 'add'],
  operands: ['id', 'domain'],
  about: 'Add a domain whose people come from there; prints the DNS record that proves it',
  run: ({ operands: { id, domain }, answer }) =>
    inHouse(async ({ connections }) => {
      if (!(await connections.get(id))) throw missing(`The connection ${id}`);
      const added = await connections.domains.add(id, domain, actor);
      const text = `Added the domain ${added.name}; it counts once it is verified. Put this into its DNS:\n_sallyport.${added.name} TXT "${added.proof}"`;
      answer(domainDocument(added), text);
    }),
});

const verify = command({
  words: ['connection', 'domain', 'verify'],
  operands: ['id', 'domain'],
  options: { 'by-administrator': { about: 'Do not ask DNS: you know that the domain belongs to them' } },
  about: 'Look for the proof of a domain in DNS; it is looked for again every day',
  run: ({ operands: { id, domain }, options, answer }) =>
    inHouse(async ({ connections }) => {
      const verified = await connections.domains.verify(id, domain, actor, options['by-administrator']);
      answer(domainDocument(verified), `The domain ${verified.name} is verified; its people are sent to ${id}`);
    }),
});

const remove = command({
  words: ['connection', 'domain', 'remove'],
  operands: ['id', 'domain'],
  about: 'Remove a domain; the connection speaks for its people no more',
  run: ({ operands: { id, domain }, answer }) =>
    inHouse(async ({ connections }) => {
      await connections.domains.remove(id, domain, actor);
      answer({ id, name: domain }, `Removed the domain ${domain} from ${id}`);
    }),
});

/** `sallyport connection domain …` */
export const domainCommands = [add, verify, remove];
