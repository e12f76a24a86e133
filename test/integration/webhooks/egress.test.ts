import type { LookupFunction } from 'node:net'
import { describe, expect, it } from 'vitest'
import { makeEgress } from '../../../src/infra/egress.ts'
import { egressDeniedCode } from '../../../src/infra/egress-lookup.ts'
import { parseEgressRules } from '../../../src/infra/egress-rules.ts'
import { makeAttempts } from '../../../src/webhooks/attempt.ts'
import { useSwitchyard } from '../../support/switchyard.ts'
import { useWebhookBench } from './webhook-bench.ts'

const bench = await useWebhookBench()
/** An installation that allows only public addresses over HTTPS. */
const strict = await useSwitchyard({
  ...{ databaseUrl: bench.database.url, redis: null, role: 'all' },
  settings: { egressAllow: [] },
})

describe('webhook endpoint egress rules', () => {
  it.each([
    'http://hooks.example.com',
    'https://127.0.0.1:8443',
    'https://169.254.169.254/latest',
    'https://[fd00::1]',
    'https://localhost',
    'https://user:word@hooks.example.com',
  ])('reject %s on create and update with the pointer of the URL', async (url) => {
    const rejection = {
      status: 422,
      body: { code: 'unprocessable', errors: [{ pointer: '/url', code: 'egress_denied' }] },
    }
    expect(await strict.api.call('POST', '/webhook-endpoints', { body: { url } })).toMatchObject(rejection)
    const { id } = await strict.api.ok('POST', '/webhook-endpoints', {
      url: 'https://hooks.example.com',
      enabled: false,
    })
    expect(await strict.api.call('PATCH', `/webhook-endpoints/${id}`, { body: { url } })).toMatchObject(rejection)
    expect(await strict.api.ok('GET', `/webhook-endpoints/${id}`)).toMatchObject({ url: 'https://hooks.example.com/' })
  })

  it('apply at delivery time, send nothing and report the denial', async () => {
    // Created on an instance that allows the URL, delivered by a worker that denies it.
    const { id } = await bench.register('/no-longer-allowed')
    await bench.test(id)
    const delivery = await bench.untilDelivery(id, ({ attempts }) => attempts > 0)
    expect(delivery.lastAttempt).toMatchObject({ reason: 'egress_denied' })
    expect(bench.at('/no-longer-allowed')).toEqual([])
  })
})

describe('host name with a private address', () => {
  /** Posts once per address, which the resolver returns in order. */
  async function post(
    url: string,
    { allowed, addresses }: { allowed: readonly string[]; addresses: readonly string[] },
  ) {
    let lookups = 0
    const lookup: LookupFunction = (_hostname, _options, callback) => {
      callback(null, [{ address: addresses[lookups++] ?? '', family: 4 }])
    }
    const egress = makeEgress({ rules: parseEgressRules(allowed), lookup })
    expect(egress.denialOf(url)).toBe(null)
    const attempts = makeAttempts({
      ...{ connector: () => egress.connector(1000), egressDeniedCode, egressDenial: egress.denialOf },
      timeoutMs: 1000,
    })
    const results = []
    for (const _ of addresses)
      results.push(await attempts.post({ url, headers: {}, body: '{}' }, new AbortController().signal))
    await attempts.close()
    return results
  }

  it.each(['10.0.0.7', '127.0.0.1', '169.254.169.254'])('is not called at %s', async (address) => {
    const results = await post('https://hooks.example.com/hook', { allowed: [], addresses: [address] })
    // The same result as for an unknown host.
    expect(results).toEqual([{ reason: 'unreachable' }])
  })

  it('is not called after its address changes from an allowed one', async () => {
    bench.receiver.on('POST /rebound', { status: 200, headers: { connection: 'close' } })
    const url = `http://hooks.example.com:${new URL(bench.receiver.url).port}/rebound`
    const results = await post(url, { allowed: ['127.0.0.1'], addresses: ['127.0.0.1', '127.0.0.2'] })
    expect(results).toEqual([{ httpStatus: 200, retryAfter: null }, { reason: 'unreachable' }])
  })
})
