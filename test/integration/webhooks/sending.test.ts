import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { beforeAll, describe, expect, it } from 'vitest'
import { until, useWebhookBench, verified, type WebhookBench } from './webhook-bench.ts'

const bench = await useWebhookBench()

beforeAll(async () => {
  await bench.startWorkers()
})

describe('a message', () => {
  it('is signed as the specification says, and tells what has happened', async () => {
    const { id, secret } = await bench.register('/signed', { eventTypes: ['environment.*', 'job.succeeded'] })
    const workloadId = 'job_01h455vb4pex5vsknk084sn02q'
    const unwanted = await bench.record({ type: 'job.running' })
    const eventId = await bench.record({ workloadId, seq: 7, type: 'job.succeeded' })
    const environment = await bench.record({ kind: 'environment', type: 'environment.running' })
    await until(() => [eventId, environment].every((each) => bench.at('/signed', each).length > 0))
    expect(bench.at('/signed', unwanted)).toEqual([])
    const [message] = bench.at('/signed', eventId).map((request) => verified(request, secret))
    expect(message).toEqual({
      id: eventId,
      type: 'job.succeeded',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      data: { eventId, recordId: workloadId, kind: 'job', seq: 7, status: 'running' },
    })
    const { headers } = bench.at('/signed')[0] ?? { headers: {} }
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': expect.stringMatching(/^Switchyard\/\d+\./),
      'webhook-signature': expect.stringMatching(/^v1,[A-Za-z0-9+/=]{44}$/),
    })
    const delivery = await bench.untilDelivery(
      id,
      ({ eventId: of, status }) => of === eventId && status === 'delivered',
    )
    expect(delivery).toMatchObject({ attempts: 1, type: 'job.succeeded', lastAttempt: { httpStatus: 204 } })
  })

  it('does not verify once a byte of it is another', async () => {
    const { id, secret } = await bench.register('/spoilt')
    const request = await sendTest(id, '/spoilt')
    expect(verified(request, secret).type).toBe('webhook.test')
    expect(() => verified({ ...request, body: request.body.replace('test', 'text') }, secret)).toThrow()
    expect(() => verified({ ...request, headers: { ...request.headers, 'webhook-id': 'evt_x' } }, secret)).toThrow()
  })
})

describe('a delivery', () => {
  it('that fails is tried again, with the same id and a signature of its own, until it is taken', async () => {
    const { id, secret } = await bench.register('/flaky')
    for (const answer of [{ status: 500 }, { isReset: true as const }]) bench.receiver.once('POST /flaky', answer)
    const { eventId } = await bench.test(id)
    const delivery = await bench.untilDelivery(id, (each) => each.eventId === eventId && each.status === 'delivered')
    expect(delivery).toMatchObject({ attempts: 3, lastAttempt: { httpStatus: 204 } })
    expect(bench.at('/flaky').map((request) => verified(request, secret).id)).toEqual([eventId, eventId, eventId])
    const endpoint = await bench.api.ok('GET', `/webhook-endpoints/${id}`)
    expect(endpoint).toHaveProperty('lastSucceededAt')
    expect(endpoint).not.toHaveProperty('failingSince')
  })

  it.each([
    ['a redirect, which nobody follows', { status: 302, headers: { location: '/elsewhere' } }, { httpStatus: 302 }],
    ['a refusal', { status: 400 }, { httpStatus: 400 }],
    ['silence', { isSilent: true as const }, { reason: 'timeout' }],
    ['a connection that is cut', { isReset: true as const }, { reason: 'connection_lost' }],
  ])('is given up after the whole schedule of %s', async (name, answer, lastAttempt) => {
    const path = `/never/${encodeURIComponent(name)}`
    const { id } = await bench.register(path)
    bench.receiver.on(`POST ${path}`, answer)
    const { eventId } = await bench.test(id)
    const delivery = await bench.untilDelivery(id, (each) => each.eventId === eventId && each.status === 'failed')
    expect(delivery).toMatchObject({ attempts: 4, lastAttempt })
    expect(delivery).not.toHaveProperty('nextAttemptAt')
    expect(bench.at(path, eventId)).toHaveLength(4)
    expect(bench.at('/elsewhere')).toEqual([])
    expect(await bench.api.ok('GET', `/webhook-endpoints/${id}`)).toHaveProperty('failingSince')
    await bench.api.call('DELETE', `/webhook-endpoints/${id}`)
  })

  it('to where nobody listens tells so', async () => {
    const { id } = await bench.api.ok('POST', '/webhook-endpoints', { url: 'http://127.0.0.1:9/hook' })
    await bench.test(id)
    const delivery = await bench.untilDelivery(id, ({ attempts }) => attempts > 0)
    expect(delivery.lastAttempt).toMatchObject({ reason: 'unreachable' })
    await bench.api.call('DELETE', `/webhook-endpoints/${id}`)
  })

  it('is taken by its status alone: of an answer without end a little is read, and its connection closed', async () => {
    let written = 0
    const { promise: isClosed, resolve: onClose } = Promise.withResolvers<void>()
    const endless = createServer((_request, response) => {
      response.writeHead(200)
      response.on('close', onClose)
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536))) written += 65_536
      }
      response.on('drain', more)
      more()
    })
    await new Promise<void>((resolve) => endless.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(endless.address() as AddressInfo).port}/`
    const { id } = await bench.api.ok('POST', '/webhook-endpoints', { url, eventTypes: ['job.resolved'] })
    const { eventId } = await bench.test(id)
    await bench.untilDelivery(id, (delivery) => delivery.eventId === eventId && delivery.status === 'delivered')
    await isClosed
    // What the sockets hold counts as written.
    expect(written).toBeLessThan(50_000_000)
    endless.close()
  })

  it.each([
    ['is delivered where the status is 200', 200, {}, { status: 'delivered', attempts: 1 }],
    ['has failed for good where the status is 410', 410, {}, { status: 'failed', attempts: 1 }],
    ['waits where the status is 503', 503, { 'retry-after': '600' }, { status: 'pending', attempts: 1 }],
  ])('whose answer never ends its body %s', async (_, status, headers, expected) => {
    let received = 0
    const { promise: isClosed, resolve: onClose } = Promise.withResolvers<void>()
    const unending = createServer((_request, response) => {
      received += 1
      response.on('close', onClose)
      response.writeHead(status, headers)
      response.write('ok')
    })
    await new Promise<void>((resolve) => unending.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(unending.address() as AddressInfo).port}/`
    const { id } = await bench.api.ok('POST', '/webhook-endpoints', { url, eventTypes: ['job.resolved'] })
    const { eventId } = await bench.test(id)
    const delivery = await bench.untilDelivery(id, (each) => each.eventId === eventId && each.attempts > 0)
    expect(delivery).toMatchObject({ ...expected, lastAttempt: { httpStatus: status } })
    await isClosed
    expect(received).toBe(1)
    unending.close()
  })

  it('waits as long as a Retry-After says', async () => {
    const { id } = await bench.register('/busy')
    bench.receiver.once('POST /busy', { status: 503, headers: { 'retry-after': '600' } })
    const before = Date.now()
    await bench.test(id)
    const delivery = await bench.untilDelivery(id, ({ attempts }) => attempts === 1)
    expect(Date.parse(delivery.nextAttemptAt ?? '') - before).toBeGreaterThan(599_000)
    // So does what comes after it: the endpoint as a whole has asked.
    const next = await bench.record()
    const waiting = await bench.untilDelivery(id, ({ eventId }) => eventId === next)
    expect(Date.parse(waiting.nextAttemptAt ?? '') - before).toBeGreaterThan(599_000)
    expect(bench.at('/busy')).toHaveLength(1)
  })
})

it('an endpoint that says 410 is disabled, and gets nothing more', async () => {
  const { id } = await bench.register('/gone')
  bench.receiver.on('POST /gone', { status: 410 })
  await bench.test(id)
  await bench.untilDelivery(id, ({ status }) => status === 'failed')
  expect(await bench.api.ok('GET', `/webhook-endpoints/${id}`)).toMatchObject({
    ...{ enabled: false, disabledReason: 'gone', disabledAt: expect.any(String) },
  })
  await bench.register('/after-gone')
  const after = await bench.record()
  await until(() => bench.at('/after-gone', after).length > 0)
  expect(bench.at('/gone', after)).toEqual([])
  const { data } = await bench.api.ok('GET', `/audit?objectId=${id}&action=webhook_endpoint.disabled`)
  expect(data).toMatchObject([{ subject: 'system', data: { reason: 'gone' } }])
})

it('after a rotation both secrets verify while they overlap, and the new one alone afterwards', async () => {
  const { id, secret: old } = await bench.register('/rotated')
  const rotate = (overlapSeconds: number) =>
    bench.api.ok('POST', `/webhook-endpoints/${id}/rotate-secret`, { overlapSeconds })
  const { secret: second } = (await rotate(3600)) as unknown as { secret: string }
  const both = await sendTest(id, '/rotated')
  for (const secret of [old, second]) expect(verified(both, secret).type).toBe('webhook.test')
  await bench.open.pool.query('UPDATE webhook_endpoints SET overlap_until = now() WHERE id = $1', [id])
  const over = await sendTest(id, '/rotated')
  expect(verified(over, second).type).toBe('webhook.test')
  expect(() => verified(over, old)).toThrow()
  const { secret: third } = (await rotate(0)) as unknown as { secret: string }
  const alone = await sendTest(id, '/rotated')
  expect(verified(alone, third).type).toBe('webhook.test')
  for (const secret of [old, second]) expect(() => verified(alone, secret)).toThrow()
})

async function sendTest(endpointId: string, path: string) {
  const { eventId } = await bench.test(endpointId)
  await until(() => bench.at(path, eventId).length > 0)
  return bench.at(path, eventId)[0] as NonNullable<ReturnType<WebhookBench['at']>[number]>
}

it('a message comes of a real job too, with what its history says', async () => {
  const { secret } = await bench.register('/real', { eventTypes: ['job.*'] })
  const connection = await bench.api.ok('POST', '/connections', {
    name: 'cluster',
    settings: { slurm: { baseUrl: 'http://127.0.0.1:9', user: 'u' } },
    credentials: { slurm: { token: 'a.b.c' } },
  })
  const job = await bench.api.ok('POST', '/jobs', {
    ...{ connectionId: connection.id, name: 'train', script: '#!/bin/sh\ntrue\n', workingDirectory: '/tmp' },
  })
  const { data } = await bench.api.ok('GET', `/jobs/${job.id}/events`)
  const first = (data as unknown as { id: string; seq: number; type: string }[])[0]
  await until(() => bench.at('/real', first?.id).length > 0)
  const messages = bench.at('/real').map((request) => verified(request, secret))
  expect(messages).toContainEqual({
    ...{ id: first?.id, type: 'job.queued', timestamp: expect.any(String) },
    data: { eventId: first?.id, recordId: job.id, kind: 'job', seq: 1, status: 'queued' },
  })
})
