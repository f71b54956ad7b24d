import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { unavailable } from '../../src/kernel/errors.ts';
import { createLog } from '../../src/kernel/log.ts';

function memoryLog(level = 'debug') {
  const lines: string[] = [];
  const log = createLog({ level, stream: { write: (line: string) => void lines.push(line) } });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') };
}

describe('log', () => {
  it('writes one JSON object per line with level, time and message', () => {
    const { log, last } = memoryLog();
    log.info({ requestId: 'r-1' }, 'ready');
    const { time, ...line } = last();
    assert.deepEqual(line, { level: 'info', requestId: 'r-1', msg: 'ready' });
    assert.match(time, /^\d{4}-\d\d-\d\dT.*Z$/);
  });

  it('hides credentials by name at any depth', () => {
    const { log, lines } = memoryLog();
    const secret = 'TopSecretValue';
    log.info({
      headers: { authorization: `Basic ${secret}`, cookie: secret, 'set-cookie': [secret] },
      body: { password: secret, client_secret: secret, clientSecret: secret, refresh_token: secret, assertion: secret },
      deep: { list: [{ access_token: secret, code_verifier: secret, masterKey: secret, private_key: secret }] },
      accessToken: secret,
    });
    log.info({ token: secret });
    assert.ok(!lines.join('').includes(secret), lines.join(''));
  });

  it('keeps what only sounds secret', () => {
    const { log, last } = memoryLog();
    log.info({ token_type: 'Bearer', tokenFormat: 'jwt', code: 'ECONNREFUSED', token_endpoint_auth_method: 'none' });
    const { token_type, tokenFormat, code, token_endpoint_auth_method } = last();
    assert.deepEqual(
      [token_type, tokenFormat, code, token_endpoint_auth_method],
      ['Bearer', 'jwt', 'ECONNREFUSED', 'none'],
    );
  });

  it('hides credentials in addresses and in header values inside a sentence', () => {
    const { log, lines } = memoryLog();
    log.warn('cannot reach mongodb://sally:Pa55word@db.example/x');
    log.warn({ url: 'https://user:Pa55word@host/' }, 'refused Bearer Pa55word.abc-def');
    assert.ok(!lines.join('').includes('Pa55word'), lines.join(''));
  });

  it('writes an error with its stack and the chain of its causes', () => {
    const { log, last } = memoryLog();
    const driver = Object.assign(new Error('connect mongodb://u:Pa55word@h'), { code: 'ECONNREFUSED' });
    log.error({ err: unavailable(driver) }, 'the store is away');
    const { err } = last();
    assert.equal(err.code, 'unavailable');
    assert.match(err.stack, /log\.test\.ts/);
    assert.deepEqual([err.cause.message, err.cause.code], ['connect mongodb://[hidden]@h', 'ECONNREFUSED']);
  });

  it('survives a line that contains itself', () => {
    const { log, last } = memoryLog();
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    log.info({ loop });
    assert.ok('loop' in last());
  });

  it('keeps a line break in a value inside its line', () => {
    const { log, lines } = memoryLog();
    log.info({ name: 'a\n{"level":"fatal"}' });
    assert.equal(lines.join('').trimEnd().split('\n').length, 1);
  });
});
