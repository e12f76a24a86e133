import { describe, expect, it, vi } from 'vitest'
import { ConnectionError, SwitchyardError, TimeoutError } from '../src/index.ts'
import { drop, job, json, problem, type Step, startService } from './scripted-service.ts'

const request = { name: 'a', script: 'true' }
/** A response that is shorter than its content-length. */
const cutOff: Step = (response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' }).write('{"id": "job_1"')
  setTimeout(() => response.destroy(), 20)
}
const noResponse: Step = () => {}

describe('a read', () => {
  it.for([
    ['a lost connection', drop],
    ['a truncated response', cutOff],
    ['429', problem(429, 'rate_limited')],
    ['503', problem(503, 'unavailable')],
    ['500', problem(500, 'internal')],
    ['an error of a proxy', json('Bad Gateway', 502, { 'content-type': 'text/html' })],
  ] as const)('is retried after %s', async ([, failure]) => {
    await using service = await startService(failure, json(job('running')))
    expect(await service.client().jobs.get('job_1')).toMatchObject({ status: 'running' })
    expect(service.received).toHaveLength(2)
  })

  it('is retried after the time in Retry-After', async () => {
    await using service = await startService(
      problem(429, 'rate_limited', {}, { 'retry-after': '1' }),
      json(job('running')),
    )
    const startMs = performance.now()
    await service.client().jobs.get('job_1')
    expect(performance.now() - startMs).toBeGreaterThan(1000)
  })

  it('is not retried if Retry-After is longer than a minute', async () => {
    await using service = await startService(problem(429, 'rate_limited', {}, { 'retry-after': '3600' }))
    await expect(service.client().jobs.get('job_1')).rejects.toMatchObject({ retryAfterMs: 3_600_000 })
    expect(service.received).toHaveLength(1)
  })

  it('is retried after a timeout, and then fails with TimeoutError', async () => {
    await using service = await startService(noResponse)
    const result = service.client({ maxRetries: 1, timeoutMs: 50 }).jobs.get('job_1')
    await expect(result).rejects.toThrow(TimeoutError)
    await expect(result).rejects.toThrow(/^GET \/jobs\/job_1: no complete response from 127.0.0.1:\d+ within 50 ms.$/)
    expect(service.received).toHaveLength(2)
  })

  it('fails after the permitted number of retries', async () => {
    await using service = await startService(problem(503, 'unavailable'))
    await expect(service.client({ maxRetries: 2 }).jobs.get('job_1')).rejects.toThrow(SwitchyardError)
    expect(service.received).toHaveLength(3)
  })

  it.for([400, 401, 403, 404, 409, 422])('is not retried after %i', async (status) => {
    await using service = await startService(problem(status, 'invalid_request'))
    await expect(service.client().jobs.get('job_1')).rejects.toMatchObject({ status })
    expect(service.received).toHaveLength(1)
  })

  it('ends with the reason of its signal between two attempts', async () => {
    await using service = await startService(problem(503, 'unavailable', {}, { 'retry-after': '50' }))
    const reason = new Error('enough')
    const controller = new AbortController()
    const result = service.client().jobs.get('job_1', { signal: controller.signal })
    setTimeout(() => controller.abort(reason), 100)
    await expect(result).rejects.toBe(reason)
  })
})

describe('a create', () => {
  it('is retried with its body and the same random key', async () => {
    await using service = await startService(drop, problem(503, 'unavailable'), json(job('queued'), 202))
    await service.client().jobs.submit(request)
    const keys = service.received.map(({ headers }) => headers['idempotency-key'])
    expect(keys).toEqual([expect.stringMatching(/^[\da-f]{32}$/), keys[0], keys[0]])
    expect(service.received.map(({ body }) => JSON.parse(body))).toEqual([request, request, request])
    await service.client().jobs.submit(request)
    expect(service.received[3]?.headers['idempotency-key']).not.toBe(keys[0])
  })

  it('has a key in pages loaded over HTTP, where randomUUID is missing', async () => {
    await using service = await startService(json(job('queued'), 202))
    const { getRandomValues } = crypto
    vi.stubGlobal('crypto', { getRandomValues: getRandomValues.bind(crypto) })
    await service
      .client()
      .jobs.submit(request)
      .finally(() => vi.unstubAllGlobals())
    expect(service.received[0]?.headers['idempotency-key']).toMatch(/^[\da-f]{32}$/)
  })

  it('is sent with the key of the caller', async () => {
    await using service = await startService(json(job('queued'), 202))
    await service.client().jobs.submit(request, { idempotencyKey: 'order-7' })
    expect(service.received[0]?.headers['idempotency-key']).toBe('order-7')
  })

  it('is retried with the key of the batch', async () => {
    const result = { accepted: 1, rejected: 0, results: [] }
    await using service = await startService(drop, json(result))
    expect(await service.client().jobs.submitBatch([request], { idempotencyKey: 'sweep-7' })).toEqual(result)
    expect(service.received.map(({ headers }) => headers['idempotency-key'])).toEqual(['sweep-7', 'sweep-7'])
    expect(JSON.parse(service.received[1]?.body ?? '')).toEqual({ jobs: [request] })
  })

  it.for([
    ['a lost connection', drop],
    ['503', problem(503, 'unavailable')],
  ] as const)('is not retried without a key after %s', async ([, failure]) => {
    await using service = await startService(failure, json({ id: 'key_1' }, 201))
    await expect(service.client().apiKeys.create({ name: 'a', scopes: ['jobs:read'] })).rejects.toThrow()
    expect(service.received).toHaveLength(1)
  })

  it('is retried without a key after 429', async () => {
    await using service = await startService(problem(429, 'rate_limited'), json({ id: 'key_1' }, 201))
    expect(await service.client().apiKeys.create({ name: 'a', scopes: ['jobs:read'] })).toEqual({ id: 'key_1' })
  })
})

describe('a change', () => {
  it.for([
    ['a record', { version: 4 }, '"4"'],
    ['a version', 4, '"4"'],
    ['an ETag', 'W/"4"', 'W/"4"'],
  ] as const)('sends If-Match for %s', async ([, ifMatch, sent]) => {
    await using service = await startService(json(job('queued')))
    await service.client().jobs.update('job_1', { labels: { a: 'b' } }, { ifMatch })
    expect(service.received[0]).toMatchObject({ method: 'PATCH', headers: { 'if-match': sent } })
  })

  it('is retried if it leads to the same state', async () => {
    await using service = await startService(drop, json(job('canceling'), 202))
    expect(await service.client().jobs.cancel('job_1')).toMatchObject({ status: 'canceling' })
  })

  it('succeeds if the retry of a DELETE returns 404', async () => {
    await using service = await startService(drop, problem(404, 'not_found'))
    await service.client().connections.delete('con_1')
    await expect(service.client().connections.delete('con_1')).rejects.toMatchObject({ code: 'not_found' })
  })

  const notFound = problem(404, 'not_found')
  const notFoundByProxy = json('<html>', 404, { 'content-type': 'text/html' })
  it.for([
    ['the service after 429', problem(429, 'rate_limited'), notFound, 'not_found'],
    ['a proxy after a lost connection', drop, notFoundByProxy, 'unexpected_response'],
  ] as const)('fails if a DELETE gets a 404 of %s', async ([, failure, next, code]) => {
    await using service = await startService(failure, next)
    await expect(service.client().connections.delete('con_1')).rejects.toMatchObject({ status: 404, code })
    expect(service.received).toHaveLength(2)
  })

  it('fails if the retry of a DELETE that returns the record returns 404', async () => {
    await using service = await startService(drop, problem(404, 'not_found'))
    await expect(service.client().apiKeys.revoke('key_1')).rejects.toMatchObject({ code: 'not_found' })
  })
})

it('an unreachable service causes a ConnectionError with its address', async () => {
  const service = await startService(drop)
  const client = service.client({ maxRetries: 0 })
  await service[Symbol.asyncDispose]()
  const result = client.jobs.get('job_1')
  await expect(result).rejects.toThrow(ConnectionError)
  await expect(result).rejects.toThrow(/no response from 127.0.0.1:\d+ \(ECONNREFUSED\)/)
})
