import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { NotNow, Undeliverable } from '../../src/notices/letter.ts';
import { type SmtpSettings, smtp } from '../../src/notices/smtp.ts';
import { type Certificate, type MailServer, selfSigned, startMailServer } from '../support/mail.ts';

const from = 'Example accounts <accounts@example.test>';
const mail = {
  to: 'ana@example.test',
  subject: 'Grüße – a subject that is longer than a line of a header may be, so that it is folded on its way',
  text: 'Ein Faktor für Ihr Konto.\n\nhttps://id.example.test/account\n',
  html: '<p>Ein Faktor für Ihr Konto.</p>',
};

describe('mail by SMTP', () => {
  let certificate: Certificate;
  let other: Certificate;
  const servers: MailServer[] = [];
  before(async () => {
    [certificate, other] = await Promise.all([selfSigned('localhost'), selfSigned('mail.example.test')]);
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });
  const start = async (options: Parameters<typeof startMailServer>[0] = {}): Promise<MailServer> => {
    const server = await startMailServer(options);
    servers.push(server);
    return server;
  };
  const send = (server: MailServer, settings: Partial<SmtpSettings> = {}, more: Partial<typeof mail> = {}) =>
    smtp({ url: server.url, from, ...settings })({ ...mail, ...more }, 'an-id');

  it('arrives as it was written, in both forms, from whom and to whom the settings say', async () => {
    const server = await start();
    await send(server, { replyTo: 'help@example.test' });
    const [arrived] = await server.arrived(1);
    assert.equal(arrived?.text, mail.text);
    assert.equal(arrived?.html.trim(), mail.html);
    assert.equal(arrived?.subject, mail.subject);
    assert.deepEqual([arrived?.from, arrived?.to], ['accounts@example.test', ['ana@example.test']]);
    const header = (name: string) => arrived?.headers.get(name);
    assert.equal(header('from'), from);
    assert.equal(header('reply-to'), 'help@example.test');
    assert.equal(header('message-id'), '<an-id@example.test>');
    assert.equal(header('auto-submitted'), 'auto-generated');
  });

  it('signs in with the name and password of the address, which may be percent-encoded', async () => {
    const server = await start({ certificate, login: { user: 'mailer', password: 'pa/ss@wörd' } });
    await send(server, { allowPlain: false, certificateAuthority: certificate.file });
    const [arrived] = await server.arrived(1);
    assert.deepEqual([arrived?.user, arrived?.secure], ['mailer', true]);
  });

  it('a line break in a subject begins no header of its own', async () => {
    const server = await start();
    await send(server, {}, { subject: 'Hello\r\nBcc: eve@example.test\u2028X-Evil: 1' });
    const [arrived] = await server.arrived(1);
    assert.deepEqual(arrived?.to, ['ana@example.test']);
    assert.equal(arrived?.headers.has('bcc'), false);
    assert.equal(arrived?.headers.has('x-evil'), false);
    assert.equal(arrived?.subject, 'Hello Bcc: eve@example.test X-Evil: 1');
  });

  it('an address with a line break or a second recipient goes to nobody', async () => {
    const server = await start();
    for (const to of ['ana@example.test>\r\nRCPT TO:<eve@example.test', 'ana@example.test, eve@example.test']) {
      await send(server, {}, { to }).catch(() => {});
    }
    assert.deepEqual(
      server.mails.flatMap((one) => one.to).filter((address) => address === 'eve@example.test'),
      [],
    );
  });

  for (const secure of [true, false]) {
    const by = secure ? 'smtps' : 'STARTTLS';
    it(`goes over TLS by ${by} to a server whose certificate is known`, async () => {
      const server = await start({ certificate, secure });
      await send(server, { allowPlain: false, certificateAuthority: certificate.file });
      assert.equal((await server.arrived(1))[0]?.secure, true);
    });
    it(`refuses an unknown certificate, and one for another name, by ${by}`, async () => {
      const unknown = await start({ certificate, secure });
      await assert.rejects(send(unknown, { allowPlain: false }), { code: 'ESOCKET' });
      await assert.rejects(send(unknown, { allowPlain: true }), { code: 'ESOCKET' });
      const wrong = await start({ certificate: other, secure });
      await assert.rejects(send(wrong, { allowPlain: false, certificateAuthority: other.file }), { code: 'ESOCKET' });
      assert.deepEqual([...unknown.mails, ...wrong.mails], []);
    });
  }

  it('sends nothing where STARTTLS is demanded and not offered', async () => {
    const server = await start();
    await assert.rejects(send(server, { allowPlain: false }), { code: 'ETLS' });
    assert.equal(server.offered, 0);
    assert.deepEqual(server.mails, []);
  });

  it('demands it of every server that is not this machine, unless told otherwise', async () => {
    const server = await start({ host: '0.0.0.0' });
    const far = { url: server.url.replace('localhost', '0.0.0.0') };
    await assert.rejects(send(server, far), { code: 'ETLS' });
    await send(server, { ...far, allowPlain: true });
    await send(server);
    assert.equal((await server.arrived(2)).length, 2);
  });

  it('tells a recipient who is refused for good from one who is refused for now, without the address', async () => {
    const server = await start();
    server.refuse = 550;
    await assert.rejects(send(server), (error) => error instanceof Undeliverable && !/ana/.test(error.message));
    server.refuse = 451;
    await assert.rejects(send(server), (error) => error instanceof NotNow && !/ana/.test(error.message));
    server.refuse = undefined;
    await send(server);
    assert.equal((await server.arrived(1)).length, 1);
  });

  it('a server that is away, or knows us not, is no reason to give up on the recipient', async () => {
    const server = await start({ certificate, login: { user: 'mailer', password: 'right' } });
    const url = server.url.replace('right', 'wrong');
    const known = { allowPlain: false, certificateAuthority: certificate.file };
    await assert.rejects(send(server, { ...known, url }), { code: 'EAUTH' });
    const gone = await startMailServer();
    await gone.stop();
    await assert.rejects(send(gone), { code: 'ESOCKET' });
  });
});
