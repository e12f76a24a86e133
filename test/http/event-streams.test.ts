import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { afterAll, describe, expect, it, vi } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { sandboxConnection } from '../../src/commands/sandbox-connections.ts'
import { useApiBench } from '../support/api-bench.ts'
import { makeApiCaller } from '../support/api-caller.ts'
import { environmentRequest } from '../support/dataforest-account.ts'
import { closeEventStreams, openEventStream } from '../support/event-stream.ts'
import { expectProblem } from '../support/problems.ts'
import { quickSettings, startSwitchyard, testApiKey, useSwitchyard } from '../support/switchyard.ts'

const bench = await useApiBench()
/** Second instance on the same database. */
const other = await useSwitchyard({
  databaseUrl: bench.database.url,
  redis: null,
  role: 'api',
  settings: { streaming: { perCaller: 2 } },
})

afterAll(async () => {
  closeEventStreams()
})

const makeEnvironment = (): Promise<ApiRecord> =>
  bench.api.ok('POST', '/environments', environmentRequest({ connectionId: bench.connections.dataforest }))
const relabel = ({ id }: ApiRecord, value: string) =>
  bench.api.ok('PATCH', `/environments/${id}`, { labels: { value } })
const streamOf = ({ id }: ApiRecord, query = '') => `${bench.url}/environments/${id}/events/stream${query}`
const makeKey = async (more: object = {}): Promise<{ id: string; key: string }> => {
  const { id, key } = await bench.api.ok('POST', '/api-keys', {
    name: 'reader',
    scopes: ['environments:read'],
    ...more,
  })
  return { id, key: String(key) }
}
const seqs = (events: readonly ApiRecord[]) => events.map(({ seq }) => seq)

async function get(url: string, headers: Record<string, string> = {}, method = 'GET') {
  const response = await fetch(url, { method, headers: { authorization: `Bearer ${testApiKey}`, ...headers } })
  return { response, body: response.status === 204 || method === 'HEAD' ? null : await response.json() }
}

/** Deletes the environment with the same writes as the engine. */
async function end({ id }: ApiRecord): Promise<void> {
  await bench.open.prisma.$executeRaw`
    WITH w AS (UPDATE workloads SET active = false, status = 'deleted', seq = seq + 1 WHERE id = ${id} RETURNING *)
    INSERT INTO workload_events (workload_id, seq, id, project_id, kind, type, data)
    SELECT id, seq, 'evt_' || id, project_id, kind, 'environment.deleted', '{"status":"deleted"}' FROM w`
  await bench.open.prisma.$executeRaw`SELECT pg_notify('switchyard_changed_' || tag, ${id}) FROM installation`
}

async function addEvents({ id }: ApiRecord, { count, text = '' }: { count: number; text?: string }): Promise<void> {
  await bench.open.prisma.$executeRaw`
    WITH w AS (UPDATE workloads SET seq = seq + ${count}::int WHERE id = ${id} RETURNING *)
    INSERT INTO workload_events (workload_id, seq, id, project_id, kind, type, data)
    SELECT id, n, 'evt_' || id || n, project_id, kind, 'environment.updated', jsonb_build_object('text', ${text}::text)
    FROM w, generate_series(seq - ${count}::int + 1, seq) n ORDER BY n`
}

/** Whether a stream can be opened. Closes it again. */
async function isOpenable(url: string, apiKey = testApiKey): Promise<boolean> {
  const controller = new AbortController()
  const response = await fetch(url, { signal: controller.signal, headers: { authorization: `Bearer ${apiKey}` } })
  controller.abort()
  return response.status === 200
}

/** Opens a stream without reading from it. */
async function openPaused(url: string, apiKey = testApiKey): Promise<ClientRequest> {
  const sent = request(url, { headers: { authorization: `Bearer ${apiKey}` } })
  sent.on('error', () => {})
  const response = once(sent, 'response')
  sent.end()
  const [message] = (await response) as [IncomingMessage]
  message.on('error', () => {}).pause()
  return sent
}

describe.concurrent('event stream of a record', () => {
  it('sends past and then new events, equal to the event list', async () => {
    const environment = await makeEnvironment()
    await relabel(environment, 'before')
    const stream = openEventStream(streamOf(environment))
    await stream.untilCount(2)
    await relabel(environment, 'after')
    const events = await stream.untilCount(3)
    const { data } = await bench.api.ok('GET', `/environments/${environment.id}/events`)
    expect(events).toEqual(data)
    expect(stream.connections).toEqual([{ status: 200, lastEventId: null }])
    stream.close()
  })

  it('sends events of changes made at another instance', async () => {
    const environment = await makeEnvironment()
    const stream = openEventStream(streamOf(environment, '?after=1'))
    await stream.untilOpen()
    await other.api.ok('PATCH', `/environments/${environment.id}`, { labels: { by: 'other' } })
    expect(await stream.untilCount(1)).toMatchObject([{ seq: 2, type: 'environment.updated' }])
    stream.close()
  })

  it('resumes after Last-Event-ID, which overrides the query', async () => {
    const environment = await makeEnvironment()
    await relabel(environment, 'a')
    await relabel(environment, 'b')
    const headers = { authorization: `Bearer ${testApiKey}`, 'last-event-id': '2' }
    const response = await fetch(streamOf(environment, '?after=1'), { headers })
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    expect(response.headers.get('cache-control')).toBe('no-store')
    const reader = response.body?.getReader()
    const { value } = (await reader?.read()) ?? {}
    expect(Buffer.from(value ?? '').toString()).toMatch(/^id: 3\ndata: \{.*"seq":3.*\}\n\n$/)
    await reader?.cancel()
  })

  it('ends after the last event of a finished record and returns 204 on reconnect', async () => {
    const environment = await makeEnvironment()
    const stream = openEventStream(streamOf(environment))
    await stream.untilCount(1)
    await end(environment)
    expect(seqs(await stream.untilCount(2))).toEqual([1, 2])
    await stream.untilClosed()
    expect(stream.connections).toEqual([
      { status: 200, lastEventId: null },
      { status: 204, lastEventId: '2' },
    ])
    expect(stream.events).toHaveLength(2)
  })

  it('sends more events than one read returns, in order', async () => {
    const environment = await makeEnvironment()
    await addEvents(environment, { count: 699 })
    const stream = openEventStream(streamOf(environment))
    expect(seqs(await stream.untilCount(700))).toEqual(Array.from({ length: 700 }, (_, index) => index + 1))
    stream.close()
  })

  it.each(['x', '-1', '1.5', '9999999999'])('rejects %j as Last-Event-ID', async (lastId) => {
    const { response, body } = await get(streamOf(await makeEnvironment()), { 'last-event-id': lastId })
    expect(response.status).toBe(400)
    expectProblem(response, body)
    expect(body).toMatchObject({ errors: [{ in: 'header', pointer: 'last-event-id' }] })
  })

  it('returns 404 to another project', async () => {
    const environment = await makeEnvironment()
    const project = await bench.api.ok('POST', '/projects', { name: `other-${environment.id}` })
    const otherKey = await makeKey({ projectId: project.id })
    const { response, body } = await get(streamOf(environment), { authorization: `Bearer ${otherKey.key}` })
    expect(response.status).toBe(404)
    expectProblem(response, body)
  })

  it('returns 405 for HEAD', async () => {
    expect((await get(streamOf(await makeEnvironment()), {}, 'HEAD')).response.status).toBe(405)
  })

  it('ends after its key is revoked without sending later events', async () => {
    const environment = await makeEnvironment()
    const { id, key: apiKey } = await makeKey()
    const stream = openEventStream(streamOf(environment), { apiKey })
    await stream.untilCount(1)
    await bench.api.ok('DELETE', `/api-keys/${id}`)
    // An instance caches a valid key for some seconds.
    const reader = makeApiCaller(bench.url, apiKey)
    await vi.waitUntil(async () => (await reader.call('GET', '/environments')).status === 401, { timeout: 30_000 })
    await relabel(environment, 'secret')
    await stream.untilClosed()
    expect(stream.connections.map(({ status }) => status)).toEqual([200, 401])
    expect(stream.events).toHaveLength(1)
  })

  it('counts towards the stream limit of its key while it is open', async () => {
    const environment = await makeEnvironment()
    const { key: apiKey } = await makeKey()
    const url = `${other.service.url}/environments/${environment.id}/events/stream`
    const open = [openEventStream(url, { apiKey }), openEventStream(url, { apiKey })]
    await Promise.all(open.map((stream) => stream.untilCount(1)))
    const { response, body } = await get(url, { authorization: `Bearer ${apiKey}` })
    expect(response.status).toBe(429)
    expectProblem(response, body)
    expect((body as ApiRecord).detail).toContain('2 open event streams')
    open[0]?.close()
    await vi.waitUntil(() => isOpenable(url, apiKey), { timeout: 30_000 })
    open[1]?.close()
  })

  it('does not count towards the limit if the request is rejected', async () => {
    const { key: apiKey } = await makeKey()
    const url = `${other.service.url}/environments/env_01h455vb4pex5vsknk084sn02q/events/stream`
    for (let count = 0; count < 5; count += 1)
      expect((await get(url, { authorization: `Bearer ${apiKey}` })).response.status).toBe(404)
  })
})

describe.concurrent('event stream of a record without a reader', () => {
  it('is closed and no longer counts towards the limit', async () => {
    const { edge } = quickSettings
    const instance = await startSwitchyard({
      ...{ databaseUrl: bench.database.url, redis: null, role: 'api' },
      settings: { edge: { ...edge, timeouts: { ...edge.timeouts, responseMs: 500 } }, streaming: { perCaller: 1 } },
    })
    const environment = await makeEnvironment()
    await addEvents(environment, { count: 20_000, text: 'x'.repeat(4000) })
    const url = `${instance.service.url}/environments/${environment.id}/events/stream`
    const paused = await openPaused(url)
    expect((await get(url)).response.status).toBe(429)
    // The service closes the stream, which the client sees as a reset.
    await vi.waitUntil(() => isOpenable(url), { timeout: 30_000, interval: 200 })
    paused.destroy()
    await instance.stop()
  })
})

describe('event stream of a project without a reader', () => {
  it('is closed after its next event left memory, unlike other streams', async () => {
    const project = await bench.api.ok('POST', '/projects', { name: 'flooded' })
    const { key } = await bench.api.ok('POST', '/api-keys', { name: 'k', projectId: project.id, scopes: ['admin'] })
    const api = makeApiCaller(bench.url, String(key))
    const connection = await api.ok('POST', '/connections', sandboxConnection(bench.sandbox, 'dataforest'))
    const environment = await api.ok('POST', '/environments', environmentRequest({ connectionId: connection.id }))
    // The limit is two streams.
    const url = `${other.service.url}/events/stream`
    const paused = await openPaused(url, String(key))
    const quick = openEventStream(url, { apiKey: String(key) })
    await quick.untilOpen()
    expect(await isOpenable(url, String(key))).toBe(false)
    // More than the socket buffers, and much more than the memory limit.
    for (let round = 0; round < 8; round += 1) await addEvents(environment, { count: 500, text: 'x'.repeat(4000) })
    await bench.open.prisma
      .$executeRaw`SELECT pg_notify('switchyard_changed_' || tag, ${String(project.id)}) FROM installation`
    await vi.waitUntil(() => isOpenable(url, String(key)), { timeout: 30_000, interval: 200 })
    const events = await quick.untilCount(4000)
    expect(seqs(events.filter(({ type }) => type === 'environment.updated'))).toEqual(
      Array.from({ length: 4000 }, (_, index) => index + 2),
    )
    expect(quick.connections).toEqual([{ status: 200, lastEventId: null }])
    quick.close()
    paused.destroy()
  })
})

describe.concurrent('shutdown', () => {
  it('closes streams of reading and of paused clients', async () => {
    const environment = await makeEnvironment()
    await addEvents(environment, { count: 20_000, text: 'x'.repeat(4000) })
    const third = await startSwitchyard({ databaseUrl: bench.database.url, redis: null, role: 'api' })
    const url = `${third.service.url}/environments/${environment.id}/events/stream`
    const reading = openEventStream(url)
    const upToDate = openEventStream(`${url}?after=20001`)
    const paused = await openPaused(url)
    await Promise.all([reading.untilCount(1), upToDate.untilOpen()])
    const startMs = performance.now()
    await third.stop()
    expect(performance.now() - startMs).toBeLessThan(4000)
    expect(reading.events.length).toBeLessThan(20_001)
    for (const stream of [reading, upToDate]) stream.close()
    paused.destroy()
  })
})
