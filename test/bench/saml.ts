import { saml } from '../../src/federation/saml.ts';
import { saml as attribute } from '../support/saml-idp.ts';
import { answered, login, makeKeys, posted, recorded, settingsOf, surroundings } from '../support/saml-parts.ts';
import { median } from './measure.ts';

/** Milliseconds of CPU for one answer of a provider: the assertion signed and encrypted, with 20 groups. */
export async function measureSaml(answers: number): Promise<number> {
  const keys = await makeKeys();
  const connector = saml(settingsOf(keys), surroundings(keys));
  const groups = attribute('groups', ...Array.from({ length: 20 }, (_, at) => `group ${at}`));
  const used: number[] = [];
  for (let made = 0; made < answers; made += 1) {
    const asked = login();
    const { memo } = await connector.begin(asked);
    const message = answered(String(memo.requestId), keys, {
      sign: 'assertion',
      encrypt: keys.encryption,
      attributes: groups,
    });
    const reply = posted(message, asked.ticket);
    const before = process.cpuUsage();
    await connector.complete(reply, asked, memo, recorded());
    const { user, system } = process.cpuUsage(before);
    used.push((user + system) / 1000);
  }
  return median(used);
}
