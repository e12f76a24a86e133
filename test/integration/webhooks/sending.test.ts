import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { beforeAll, describe, expect, it } from 'vitest'
import { until, useWebhookBench, verified, type WebhookBench } from './webhook-bench.ts'

const bench = await useWebhookBench()

beforeAll(async () => {
  await bench.startWorkers()
})

describe('webhook message', () => {
  it('is signed per the specification and contains the event', async () => {
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

  it('does not verify with a changed body or id', async () => {
    const { id, secret } = await bench.register('/tampered')
    const request = await sendTest(id, '/tampered')
    expect(verified(request, secret).type).toBe('webhook.test')
    expect(() => verified({ ...request, body: request.body.replace('test', 'text') }, secret)).toThrow()
    expect(() => verified({ ...request, headers: { ...request.headers, 'webhook-id': 'evt_x' } }, secret)).toThrow()
  })
})

describe('delivery', () => {
  it('is retried with the same id and a valid signature until it succeeds', async () => {
    const { id, secret } = await bench.register('/flaky')
    for (const response of [{ status: 500 }, { isReset: true as const }]) bench.receiver.once('POST /flaky', response)
    const { eventId } = await bench.test(id)
    const delivery = await bench.untilDelivery(id, (each) => each.eventId === eventId && each.status === 'delivered')
    expect(delivery).toMatchObject({ attempts: 3, lastAttempt: { httpStatus: 204 } })
    expect(bench.at('/flaky').map((request) => verified(request, secret).id)).toEqual([eventId, eventId, eventId])
    const endpoint = await bench.api.ok('GET', `/webhook-endpoints/${id}`)
    expect(endpoint).toHaveProperty('lastSucceededAt')
    expect(endpoint).not.toHaveProperty('failingSince')
  })

  it.each([
    ['redirects, which are not followed', { status: 302, headers: { location: '/elsewhere' } }, { httpStatus: 302 }],
    ['rejections', { status: 400 }, { httpStatus: 400 }],
    ['timeouts', { isSilent: true as const }, { reason: 'timeout' }],
    ['reset connections', { isReset: true as const }, { reason: 'connection_lost' }],
  ])('fails permanently after the full schedule of %s', async (name, response, lastAttempt) => {
    const path = `/never/${encodeURIComponent(name)}`
    const { id } = await bench.register(path)
    bench.receiver.on(`POST ${path}`, response)
    const { eventId } = await bench.test(id)
    const delivery = await bench.untilDelivery(id, (each) => each.eventId === eventId && each.status === 'failed')
    expect(delivery).toMatchObject({ attempts: 4, lastAttempt })
    expect(delivery).not.toHaveProperty('nextAttemptAt')
    expect(bench.at(path, eventId)).toHaveLength(4)
    expect(bench.at('/elsewhere')).toEqual([])
    expect(await bench.api.ok('GET', `/webhook-endpoints/${id}`)).toHaveProperty('failingSince')
    await bench.api.call('DELETE', `/webhook-endpoints/${id}`)
  })

  it('to a closed port reports unreachable', async () => {
    const { id } = await bench.api.ok('POST', '/webhook-endpoints', { url: 'http://127.0.0.1:9/hook' })
    await bench.test(id)
    const delivery = await bench.untilDelivery(id, ({ attempts }) => attempts > 0)
    expect(delivery.lastAttempt).toMatchObject({ reason: 'unreachable' })
    await bench.api.call('DELETE', `/webhook-endpoints/${id}`)
  })

  it('succeeds by status alone and closes the connection of an endless body', async () => {
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
    // Data in socket buffers counts as written.
    expect(written).toBeLessThan(50_000_000)
    endless.close()
  })

  it.each([
    ['succeeds with status 200', 200, {}, { status: 'delivered', attempts: 1 }],
    ['fails permanently with status 410', 410, {}, { status: 'failed', attempts: 1 }],
    ['waits with status 503', 503, { 'retry-after': '600' }, { status: 'pending', attempts: 1 }],
  ])('with an unfinished response body %s', async (_, status, headers, expected) => {
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

  it('waits for the duration of Retry-After, as do later ones of the endpoint', async () => {
    const { id } = await bench.register('/busy')
    bench.receiver.once('POST /busy', { status: 503, headers: { 'retry-after': '600' } })
    const before = Date.now()
    await bench.test(id)
    const delivery = await bench.untilDelivery(id, ({ attempts }) => attempts === 1)
    expect(Date.parse(delivery.nextAttemptAt ?? '') - before).toBeGreaterThan(599_000)
    // Retry-After applies to the whole endpoint.
    const next = await bench.record()
    const waiting = await bench.untilDelivery(id, ({ eventId }) => eventId === next)
    expect(Date.parse(waiting.nextAttemptAt ?? '') - before).toBeGreaterThan(599_000)
    expect(bench.at('/busy')).toHaveLength(1)
  })
})

it('an endpoint that returns 410 is disabled and receives nothing more', async () => {
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

it('both secrets verify during the overlap of a rotation, then only the new one', async () => {
  const { id, secret: old } = await bench.register('/rotated')
  const rotate = (overlapSeconds: number) =>
    bench.api.ok('POST', `/webhook-endpoints/${id}/rotate-secret`, { overlapSeconds })
  const { secret: second } = (await rotate(3600)) as unknown as { secret: string }
  const both = await sendTest(id, '/rotated')
  for (const secret of [old, second]) expect(verified(both, secret).type).toBe('webhook.test')
  await bench.open.pool.query('UPDATE webhook_endpoints SET overlap_until = now() WHERE id = $1', [id])
  const afterOverlap = await sendTest(id, '/rotated')
  expect(verified(afterOverlap, second).type).toBe('webhook.test')
  expect(() => verified(afterOverlap, old)).toThrow()
  const { secret: third } = (await rotate(0)) as unknown as { secret: string }
  const withoutOverlap = await sendTest(id, '/rotated')
  expect(verified(withoutOverlap, third).type).toBe('webhook.test')
  for (const secret of [old, second]) expect(() => verified(withoutOverlap, secret)).toThrow()
})

async function sendTest(endpointId: string, path: string) {
  const { eventId } = await bench.test(endpointId)
  await until(() => bench.at(path, eventId).length > 0)
  return bench.at(path, eventId)[0] as NonNullable<ReturnType<WebhookBench['at']>[number]>
}

it('a real job sends a message with the data of its event', async () => {
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
