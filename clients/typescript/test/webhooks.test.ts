import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { verifyWebhook, WebhookVerificationError } from '../src/index.ts'

const secret = `whsec_${Buffer.from('a secret of thirty-two characters').toString('base64')}`
const payload = JSON.stringify({
  type: 'job.succeeded',
  timestamp: '2026-05-01T12:00:00.000Z',
  data: { eventId: 'evt_1', recordId: 'job_1', kind: 'job', seq: 7, status: 'succeeded', message: 'größer' },
})

function signed(body: string, at = new Date()) {
  return {
    'webhook-id': 'evt_1',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign('evt_1', at, body),
  }
}

describe('verifyWebhook', () => {
  it.for([
    ['text and an object', payload, signed(payload)],
    ['bytes and Headers', Buffer.from(payload), new Headers(signed(payload))],
    ['bytes and headers of Node', new TextEncoder().encode(payload), { ...signed(payload), 'set-cookie': ['a', 'b'] }],
  ] as const)('returns the event of %s', ([, body, headers]) => {
    const { type, data } = verifyWebhook(body, headers, secret)
    expect([type, data.recordId, data.seq, data.message]).toEqual(['job.succeeded', 'job_1', 7, 'größer'])
  })

  it.for([
    ['another body', `${payload} `, signed(payload)],
    ['no signature', payload, {}],
    ['an old message', payload, signed(payload, new Date(Date.now() - 600_000))],
  ] as const)('rejects %s', ([, body, headers]) => {
    expect(() => verifyWebhook(body, headers, secret)).toThrow(WebhookVerificationError)
  })

  it('rejects an invalid secret without showing it', () => {
    const verify = () => verifyWebhook(payload, signed(payload), 'whsec_hunter2!')
    expect(verify).toThrow(WebhookVerificationError)
    expect(verify).not.toThrow('hunter2')
  })
})
