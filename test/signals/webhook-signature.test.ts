import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { newWebhookSecret, signedHeaders } from '../../src/signals/webhook-signature.ts';

describe('the signature of a webhook', () => {
  const message = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1614265330, body: '{"test": 2432232314}' };
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const signature = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
  const signed = (change: Partial<typeof message>, secrets = [secret]) =>
    signedHeaders({ ...message, ...change }, secrets)['webhook-signature'];

  it('is what Standard Webhooks give as an example', () => {
    assert.deepEqual(signedHeaders(message, [secret]), {
      'webhook-id': message.id,
      'webhook-timestamp': '1614265330',
      'webhook-signature': signature,
    });
  });

  it('covers the id, the time, every byte of the body and the secret', () => {
    const others = [
      signed({ id: 'msg_other' }),
      signed({ timestamp: 1614265331 }),
      signed({ body: '{"test":2432232314}' }),
      signed({ body: '{"test": "ü"}' }),
      signed({}, [newWebhookSecret()]),
    ];
    assert.equal(new Set([signature, ...others]).size, 6);
  });

  it('is given once for each secret', () => {
    const both = signed({}, [newWebhookSecret(), secret])?.split(' ') ?? [];
    assert.deepEqual([both.length, both[1]], [2, signature]);
    assert.match(newWebhookSecret(), /^whsec_[A-Za-z\d+/]{43}=$/);
  });
});
