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
/** Over the same database. */
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

/** Ends it as the engine does. */
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

/** Whether a stream is opened there; it is closed again. */
async function answers(url: string, apiKey = testApiKey): Promise<boolean> {
  const left = new AbortController()
  const response = await fetch(url, { signal: left.signal, headers: { authorization: `Bearer ${apiKey}` } })
  left.abort()
  return response.status === 200
}

/** A client that has opened a stream and takes nothing of it. */
async function openPaused(url: string, apiKey = testApiKey): Promise<ClientRequest> {
  const sent = request(url, { headers: { authorization: `Bearer ${apiKey}` } })
  sent.on('error', () => {})
  const response = once(sent, 'response')
  sent.end()
  const [answer] = (await response) as [IncomingMessage]
  answer.on('error', () => {}).pause()
  return sent
}

describe.concurrent("a record's stream", () => {
  it('tells its history, then what happens, as the list does', async () => {
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

  it('tells what was done over another instance', async () => {
    const environment = await makeEnvironment()
    const stream = openEventStream(streamOf(environment, '?after=1'))
    await stream.untilOpen()
    await other.api.ok('PATCH', `/environments/${environment.id}`, { labels: { by: 'other' } })
    expect(await stream.untilCount(1)).toMatchObject([{ seq: 2, type: 'environment.updated' }])
    stream.close()
  })

  it('goes on where it was after a reconnect, whatever its query says', async () => {
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

  it('ends with the last event of a record that has ended, and tells the client not to come again', async () => {
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

  it('of more events than fit into one read tells them all, in order', async () => {
    const environment = await makeEnvironment()
    await addEvents(environment, { count: 699 })
    const stream = openEventStream(streamOf(environment))
    expect(seqs(await stream.untilCount(700))).toEqual(Array.from({ length: 700 }, (_, index) => index + 1))
    stream.close()
  })

  it.each(['x', '-1', '1.5', '9999999999'])('refuses %j as Last-Event-ID', async (lastId) => {
    const { response, body } = await get(streamOf(await makeEnvironment()), { 'last-event-id': lastId })
    expect(response.status).toBe(400)
    expectProblem(response, body)
    expect(body).toMatchObject({ errors: [{ in: 'header', pointer: 'last-event-id' }] })
  })

  it('is not there for another project, nor for what is not there', async () => {
    const environment = await makeEnvironment()
    const project = await bench.api.ok('POST', '/projects', { name: `other-${environment.id}` })
    const stranger = await makeKey({ projectId: project.id })
    const { response, body } = await get(streamOf(environment), { authorization: `Bearer ${stranger.key}` })
    expect(response.status).toBe(404)
    expectProblem(response, body)
  })

  it('has no HEAD, for nothing would be left of it', async () => {
    expect((await get(streamOf(await makeEnvironment()), {}, 'HEAD')).response.status).toBe(405)
  })

  it('ends within seconds once its key is revoked, and tells nothing that comes after', {
    timeout: 25_000,
  }, async () => {
    const environment = await makeEnvironment()
    const { id, key: apiKey } = await makeKey()
    const stream = openEventStream(streamOf(environment), { apiKey })
    await stream.untilCount(1)
    await bench.api.ok('DELETE', `/api-keys/${id}`)
    // An instance believes a key for some seconds without asking.
    const reader = makeApiCaller(bench.url, apiKey)
    await vi.waitUntil(async () => (await reader.call('GET', '/environments')).status === 401, { timeout: 30_000 })
    await relabel(environment, 'secret')
    await stream.untilClosed()
    expect(stream.connections.map(({ status }) => status)).toEqual([200, 401])
    expect(stream.events).toHaveLength(1)
  })

  it('takes a place of its key as long as it is open', async () => {
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
    await vi.waitUntil(() => answers(url, apiKey), { timeout: 30_000 })
    open[1]?.close()
  })

  it('gives its place back when the answer is a refusal', async () => {
    const { key: apiKey } = await makeKey()
    const url = `${other.service.url}/environments/env_01h455vb4pex5vsknk084sn02q/events/stream`
    for (let count = 0; count < 5; count += 1)
      expect((await get(url, { authorization: `Bearer ${apiKey}` })).response.status).toBe(404)
  })
})

describe.concurrent('a client that does not read', () => {
  it('is cut off, and its place is free again', async () => {
    const { edge } = quickSettings
    const impatient = await startSwitchyard({
      ...{ databaseUrl: bench.database.url, redis: null, role: 'api' },
      settings: { edge: { ...edge, patience: { ...edge.patience, answerMs: 500 } }, streaming: { perCaller: 1 } },
    })
    const environment = await makeEnvironment()
    await addEvents(environment, { count: 20_000, text: 'x'.repeat(4000) })
    const url = `${impatient.service.url}/environments/${environment.id}/events/stream`
    const paused = await openPaused(url)
    expect((await get(url)).response.status).toBe(429)
    // It ends by itself, at the client's side with a reset; the answer to a key that has a place is not awaited.
    await vi.waitUntil(() => answers(url), { timeout: 30_000, interval: 200 })
    paused.destroy()
    await impatient.stop()
  })
})

describe("a client of the project's stream that does not read", () => {
  it('is cut off when what comes next is not in memory any more, and nobody else is', { timeout: 30_000 }, async () => {
    const project = await bench.api.ok('POST', '/projects', { name: 'flooded' })
    const { key } = await bench.api.ok('POST', '/api-keys', { name: 'k', projectId: project.id, scopes: ['admin'] })
    const api = makeApiCaller(bench.url, String(key))
    const connection = await api.ok('POST', '/connections', sandboxConnection(bench.sandbox, 'dataforest'))
    const environment = await api.ok('POST', '/environments', environmentRequest({ connectionId: connection.id }))
    // There are places for two.
    const url = `${other.service.url}/events/stream`
    const paused = await openPaused(url, String(key))
    const quick = openEventStream(url, { apiKey: String(key) })
    await quick.untilOpen()
    expect(await answers(url, String(key))).toBe(false)
    // More than sockets take, and much more than is kept in memory.
    for (let turn = 0; turn < 8; turn += 1) await addEvents(environment, { count: 500, text: 'x'.repeat(4000) })
    await bench.open.prisma
      .$executeRaw`SELECT pg_notify('switchyard_changed_' || tag, ${String(project.id)}) FROM installation`
    await vi.waitUntil(() => answers(url, String(key)), { timeout: 30_000, interval: 200 })
    const events = await quick.untilCount(4000)
    expect(seqs(events.filter(({ type }) => type === 'environment.updated'))).toEqual(
      Array.from({ length: 4000 }, (_, index) => index + 2),
    )
    expect(quick.connections).toEqual([{ status: 200, lastEventId: null }])
    quick.close()
    paused.destroy()
  })
})

describe.concurrent('a process that stops', () => {
  it('ends its streams, whether or not their clients take what is on its way to them', async () => {
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
