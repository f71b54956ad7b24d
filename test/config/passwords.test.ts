import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hashFile, sha1 } from '../support/breached.ts';
import { reading, wrong } from '../support/settings.ts';

const good = hashFile([`${sha1('a')}:1`]);

describe('settings of stolen passwords', () => {
  it('are off unless it is said, so that nothing leaves this machine', () => {
    const { config } = reading('');
    assert.equal(config?.passwords.breached, 'off');
  });

  it('take a file as the downloader makes it', () => {
    for (const file of [good, hashFile([`${sha1('a').toLowerCase()}:12`], { end: '\r\n' })]) {
      assert.equal(
        reading(`passwords: { breached: file, breachedFile: "${file}" }`).config?.passwords.breachedFile,
        file,
      );
    }
  });

  it('say what is wrong with it', () => {
    const said = (yaml: string) => wrong(`passwords: { ${yaml} }`).join();
    assert.match(said('breached: file'), /^passwords\.breachedFile: is missing/);
    assert.match(said('breached: file, breachedFile: /nowhere/x'), /cannot be read \(ENOENT\)/);
    assert.match(said(`breached: file, breachedFile: "${hashFile(['password'])}"`), /lines SHA-1:COUNT/);
    assert.match(said('breachedUrl: "https://api.example.com/"'), /without final slash/);
    const { remarks } = reading(`passwords: { breachedFile: "${good}" }`);
    assert.match(remarks[0]?.sentence ?? '', /is not used/);
  });
});
