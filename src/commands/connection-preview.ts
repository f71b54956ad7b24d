import { invalid } from '../kernel/errors.ts';
import { claimsIn, previewReply } from '../routes/admin-connection-preview.ts';
import { misused } from './command.ts';
import { deskCommand } from './desk.ts';
import { facts } from './listing.ts';
import { fileText } from './reading.ts';

function parsed(text: string): Record<string, unknown> {
  const claims = claimsIn(text);
  if (claims) return claims;
  throw invalid('--claims must hold a JSON object: names of claims or attributes with their values');
}

const preview = deskCommand({
  words: ['connection', 'preview'],
  operands: ['id'],
  options: { claims: { value: 'FILE|-', required: true, about: 'JSON with claims or attributes; -: standard input' } },
  about: 'Show what the rules of a connection would make of these claims; nobody signs in, and nothing changes',
  async run({ operands: { id }, options: { claims: file }, stdin, answer }, desk) {
    if (file === '') throw misused('--claims must name a file');
    const claims = parsed(file === '-' ? await stdin() : fileText('claims', file));
    const reply = await desk.call('previewConnection', previewReply, { params: { id }, body: { claims } });
    // What it says beyond that is for the page.
    const { email_why: _why, ...answered } = reply;
    answer(answered, facts(answered));
  },
});

/** `sallyport connection preview` */
export const previewCommands = [preview];
