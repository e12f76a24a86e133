import { afterEach, describe, expect, it } from 'vitest'
import { makeClaimsRepository } from '../../../src/webhooks/claims.repository.ts'
import { makeOutcomesRepository } from '../../../src/webhooks/outcomes.repository.ts'
import { type StubServer, startStubServer } from '../../support/stub-server.ts'
import type { Switchyard } from '../../support/switchyard.ts'
import { idle, until, useWebhookBench, verified, type WebhookBench } from './webhook-bench.ts'

const workers: Switchyard[] = []

const bench = await useWebhookBench()
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()))
  await bench.open.pool.query('DELETE FROM webhook_deliveries')
  await bench.open.pool.query('DELETE FROM webhook_endpoints')
})

const start = async (...options: Parameters<WebhookBench['startWorkers']>) => {
  const worker = await bench.startWorkers(...options)
  workers.push(worker)
  return worker
}

const claimOne = async (leaseMs: number) => {
  const claims = makeClaimsRepository(bench.open.sql, leaseMs)
  const claimed = await claims.claimSteady(10, idle)
  return { claims, claimed }
}

describe('webhook workers', () => {
  it('send each delivery once', async () => {
    const endpoints = await Promise.all(['/one', '/two', '/three'].map((path) => bench.register(path)))
    // Long limits, so that a delivery that is slow on a busy machine is not sent again.
    const patient = { timeoutMs: 60_000, leaseMs: 120_000 }
    await start(patient)
    await start(patient)
    const events = await Promise.all(Array.from({ length: 60 }, () => bench.record()))
    for (const [index, path] of ['/one', '/two', '/three'].entries()) {
      await until(() => bench.at(path).length >= 60)
      await bench.untilDelivery(endpoints[index]?.id ?? '', ({ status }) => status !== 'pending')
      const ids = bench.at(path).map((request) => verified(request, endpoints[index]?.secret ?? '').id)
      expect(ids.toSorted()).toEqual(events.toSorted())
    }
  })

  it('send a delivery of another worker after its lease has expired', async () => {
    const { id } = await bench.register('/orphaned')
    await bench.test(id)
    // Simulates a process that dies after its claim.
    const { claimed } = await claimOne(1000)
    expect(claimed).toHaveLength(1)
    expect((await claimOne(1000)).claimed).toEqual([])
    await start()
    const delivery = await bench.untilDelivery(id, ({ status }) => status === 'delivered')
    expect(delivery).toMatchObject({ attempts: 1 })
    expect(bench.at('/orphaned')).toHaveLength(1)
  })

  it('finish a delivery in progress on stop', async () => {
    const { id } = await bench.register('/finishing')
    const worker = await start()
    const { promise: mayRespond, resolve: respond } = Promise.withResolvers<void>()
    bench.receiver.on('POST /finishing', { status: 200, until: mayRespond })
    await bench.test(id)
    await until(() => bench.at('/finishing').length === 1)
    const stopped = worker.stop()
    respond()
    await stopped
    expect(await bench.untilDelivery(id, () => true)).toMatchObject({ status: 'delivered', attempts: 1 })
  })

  it('abort a slow delivery on stop, which another worker sends again', async () => {
    const { id } = await bench.register('/cut-off')
    const worker = await start({ timeoutMs: 60_000 }, { shutdownTimeoutMs: 200 })
    bench.receiver.once('POST /cut-off', { isSilent: true })
    await bench.test(id)
    await until(() => bench.at('/cut-off').length === 1)
    await worker.stop()
    expect(await bench.untilDelivery(id, () => true)).toMatchObject({ status: 'pending', attempts: 0 })
    await start()
    expect(await bench.untilDelivery(id, ({ status }) => status === 'delivered')).toMatchObject({ attempts: 1 })
  })
})

it('results of a worker that lost its lease are ignored', async () => {
  const { id } = await bench.register('/overtaken')
  await bench.test(id)
  const { claimed, claims } = await claimOne(1)
  const [late] = claimed
  await until(async () => (await claimOne(60_000)).claimed.length === 1)
  if (late === undefined) throw new Error('no delivery was claimed')
  const outcomes = makeOutcomesRepository(bench.open.sql, { disableAfterMs: 1000 })
  const gone = { httpStatus: 410, retryAfter: null }
  await claims.release(late, 0)
  await outcomes.delivered([{ ...late, httpStatus: 200 }])
  expect(await outcomes.failed(late, gone, { retryMs: null, pauseMs: 0, requestedMs: 0, disables: 'gone' })).toBe(null)
  expect(await bench.untilDelivery(id, () => true)).toMatchObject({ status: 'pending', attempts: 0 })
  expect(await bench.api.ok('GET', `/webhook-endpoints/${id}`)).toMatchObject({ enabled: true })
  expect((await claimOne(1)).claimed).toEqual([])
})

it('a batch of results is stored except for deliveries with a lost lease', async () => {
  const [one, other] = [await bench.register('/one'), await bench.register('/other')]
  for (const { id } of [one, one, other]) await bench.test(id)
  const { claimed } = await claimOne(60_000)
  const [lost, ...kept] = claimed
  if (lost === undefined) throw new Error('no delivery was claimed')
  await makeOutcomesRepository(bench.open.sql, { disableAfterMs: 1000 }).delivered([
    { ...lost, leaseId: 'before', httpStatus: 204 },
    ...kept.map((claim) => ({ ...claim, httpStatus: 204 })),
  ])
  const { rows } = await bench.open.pool.query('SELECT id, status, attempts FROM webhook_deliveries')
  expect(rows).toHaveLength(3)
  for (const row of rows)
    expect(row).toMatchObject(
      row.id === lost.id ? { status: 'pending', attempts: 0 } : { status: 'delivered', attempts: 1 },
    )
  const endpoints = await Promise.all([one, other].map(({ id }) => bench.api.ok('GET', `/webhook-endpoints/${id}`)))
  const succeeded = endpoints.filter((endpoint) => 'lastSucceededAt' in endpoint).map(({ id }) => id)
  expect(succeeded.toSorted()).toEqual([...new Set(kept.map(({ endpointId }) => endpointId))].toSorted())
})

it('a slow endpoint does not delay others', async () => {
  const slow: StubServer = await startStubServer()
  slow.on('POST /slow', { isSilent: true })
  await bench.api.ok('POST', '/webhook-endpoints', { url: `${slow.url}/slow` })
  await bench.register('/quick')
  await start({ timeoutMs: 60_000, concurrency: 8, perEndpoint: 4 }, { shutdownTimeoutMs: 200 })
  for (let seq = 1; seq <= 40; seq += 1) await bench.record({ workloadId: 'job_01h455vb4pex5vsknk084sn03q', seq })
  await until(() => bench.at('/quick').length >= 40)
  // It occupies four of the eight delivery slots for a minute; with all of them it would block the others.
  expect(slow.requests.length).toBeLessThanOrEqual(4)
  await slow.close()
})
