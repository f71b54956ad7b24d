import { given } from '../http/given.ts';
import { newSetupLinkReply, setupLinkReply } from '../routes/admin-setup-links.ts';
import { misused } from './command.ts';
import { deskCommand } from './desk.ts';
import { columns, moment } from './listing.ts';
import { whole } from './reading.ts';

/** `sallyport organization setup-link ORGANIZATION`: what a customer connects their identity provider with. */
export const organizationSetupLink = deskCommand({
  words: ['organization', 'setup-link'],
  operands: ['organization'],
  options: {
    days: { value: 'N', about: 'How many days it can be used, at most 30 (default 7)' },
    note: { value: 'TEXT', about: 'For whom it is' },
    list: { about: 'Show those that there are, and make none' },
    end: { value: 'ID', about: 'End this one at once, for whoever has opened it too, and make none' },
  },
  about:
    'Make a link by which a customer’s IT connects the identity provider of their organization; it is printed once',
  async run({ operands: { organization: id }, options, answer }, desk) {
    const params = { id };
    const chosen = [options.list, options.end, options.days ?? options.note].filter((one) => one);
    if (chosen.length > 1) throw misused('make one, --list them, or --end one');
    if (options.end !== undefined) {
      await desk.tell('endSetupLink', { params: { id, link: options.end } });
      return answer({ id: options.end }, `Ended the set-up link ${options.end}`);
    }
    if (options.list) {
      const all = await desk.all('listSetupLinks', setupLinkReply, { params });
      const rows = all.map(({ id: link, state, note, made_by, made, ends }) => [
        ...[link, state, note, made_by],
        ...[made, ends].map(moment),
      ]);
      return answer(all, columns(['id', 'state', 'note', 'made by', 'made', 'ends'], rows));
    }
    const body = given({ days: whole('days', options.days), note: options.note });
    const made = await desk.call('addSetupLink', newSetupLinkReply, { params, body });
    const text = `${made.link}\nIt works for the first browser that opens it, until ${moment(made.expires)}, and is shown this once (${made.id})`;
    return answer(made, text);
  },
});
