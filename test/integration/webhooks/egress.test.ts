import type { LookupFunction } from 'node:net'
import { describe, expect, it } from 'vitest'
import { makeEgress } from '../../../src/infra/egress.ts'
import { egressDeniedCode } from '../../../src/infra/egress-lookup.ts'
import { parseEgressRules } from '../../../src/infra/egress-rules.ts'
import { makeAttempts } from '../../../src/webhooks/attempt.ts'
import { useSwitchyard } from '../../support/switchyard.ts'
import { useWebhookBench } from './webhook-bench.ts'

const bench = await useWebhookBench()
/** An installation that calls public addresses by https alone. */
const strict = await useSwitchyard({
  ...{ databaseUrl: bench.database.url, redis: null, role: 'all' },
  settings: { egressAllow: [] },
})

describe('where events may be posted to', () => {
  it.each([
    'http://hooks.example.com',
    'https://127.0.0.1:8443',
    'https://169.254.169.254/latest',
    'https://[fd00::1]',
    'https://localhost',
    'https://user:word@hooks.example.com',
  ])('is checked when it is made or changed: %s is refused by its pointer', async (url) => {
    const refusal = {
      status: 422,
      body: { code: 'unprocessable', errors: [{ pointer: '/url', code: 'egress_denied' }] },
    }
    expect(await strict.api.call('POST', '/webhook-endpoints', { body: { url } })).toMatchObject(refusal)
    const { id } = await strict.api.ok('POST', '/webhook-endpoints', {
      url: 'https://hooks.example.com',
      enabled: false,
    })
    expect(await strict.api.call('PATCH', `/webhook-endpoints/${id}`, { body: { url } })).toMatchObject(refusal)
    expect(await strict.api.ok('GET', `/webhook-endpoints/${id}`)).toMatchObject({ url: 'https://hooks.example.com/' })
  })

  it('is checked again when it is dialled: nothing is sent, and the delivery says why', async () => {
    // Made where it was allowed, and sent by a worker that does not allow it.
    const { id } = await bench.register('/no-longer-allowed')
    await bench.test(id)
    const delivery = await bench.untilDelivery(id, ({ attempts }) => attempts > 0)
    expect(delivery.lastAttempt).toMatchObject({ reason: 'egress_denied' })
    expect(bench.at('/no-longer-allowed')).toEqual([])
  })
})

describe('a name that resolves to a private address', () => {
  /** Posts once for each answer that the resolver gives in turn. */
  async function post(
    url: string,
    { allowed, addresses }: { allowed: readonly string[]; addresses: readonly string[] },
  ) {
    let lookups = 0
    const lookup: LookupFunction = (_hostname, _options, callback) => {
      callback(null, [{ address: addresses[lookups++] ?? '', family: 4 }])
    }
    const egress = makeEgress({ rules: parseEgressRules(allowed), lookup })
    expect(egress.refusalOf(url)).toBe(null)
    const attempts = makeAttempts({
      ...{ connector: () => egress.connector(1000), egressDeniedCode, egressDenial: egress.refusalOf },
      timeoutMs: 1000,
    })
    const answers = []
    for (const _ of addresses)
      answers.push(await attempts.post({ url, headers: {}, body: '{}' }, new AbortController().signal))
    await attempts.close()
    return answers
  }

  it.each(['10.0.0.7', '127.0.0.1', '169.254.169.254'])('is refused when it is dialled: %s', async (address) => {
    const answers = await post('https://hooks.example.com/hook', { allowed: [], addresses: [address] })
    // As a name that nobody has.
    expect(answers).toEqual([{ reason: 'unreachable' }])
  })

  it('is refused although it was an allowed one a moment ago', async () => {
    bench.receiver.on('POST /rebound', { status: 200, headers: { connection: 'close' } })
    const url = `http://hooks.example.com:${new URL(bench.receiver.url).port}/rebound`
    const answers = await post(url, { allowed: ['127.0.0.1'], addresses: ['127.0.0.1', '127.0.0.2'] })
    expect(answers).toEqual([{ httpStatus: 200, retryAfter: null }, { reason: 'unreachable' }])
  })
})
