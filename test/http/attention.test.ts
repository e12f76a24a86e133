import { describe, expect, it } from 'vitest'
import { makeApiCaller } from '../support/api-caller.ts'
import { type ParkedOptions, parkJobs, setParked, useAttentionBench } from '../support/parked-jobs.ts'

const { bench, sql } = await useAttentionBench()

// biome-ignore lint/suspicious/noExplicitAny: responses of many shapes, each asserted where it is read
type Loose = any

const list = async (query = '') => (await bench.api.ok('GET', `/attention${query}`)) as Loose
const listedIds = async (query = '') => (await list(query)).data.map(({ id }: { id: string }) => id)
const first = async (query = '') => (await list(query)).data[0]

/** Another project with its own key. */
async function otherProject(name: string) {
  const project = (await bench.api.ok('POST', '/projects', { name })) as Loose
  const scopes = ['jobs:read', 'jobs:write', 'connections:manage']
  const { key } = (await bench.api.ok('POST', '/api-keys', { name, projectId: project.id, scopes })) as Loose
  return { id: String(project.id), api: makeApiCaller(bench.url, key) }
}

describe('GET /attention', () => {
  it('returns the state of each workload and the requests that resolve it', async () => {
    const [id] = await parkJobs(bench, sql, 1, { code: 'timeout' })
    const item = await first()
    expect(item).toMatchObject({
      ...{ id, kind: 'job', provider: 'slurm', connectionId: bench.connections.slurm, state: 'parked' },
      ...{ status: 'dispatching', statusReason: 'outcome_unknown', code: 'timeout', attempts: 1 },
      lastAttempt: { number: 1, outcome: 'unknown', error: { code: 'timeout' } },
      lastProviderCall: { operation: 'create', error: { code: 'timeout' } },
    })
    expect(item.calls.map(({ body, command }: Loose) => [body, command])).toEqual([
      [{ remoteId: '<remote id>' }, `switchyard admin resolve ${id} --remote-id '<remote id>'`],
      [{ outcome: 'not_created' }, `switchyard admin resolve ${id} --not-created`],
      [{ outcome: 'retry' }, `switchyard admin resolve ${id} --retry`],
    ])
  })

  it('returns when not_created becomes possible and rejects it before', async () => {
    const [id = ''] = await parkJobs(bench, sql, 1, { mayStillExecute: true })
    const call = (await first()).calls.find(({ body }: Loose) => body.outcome === 'not_created')
    expect(Date.parse(call.possibleFrom)).toBeGreaterThan(Date.now())
    expect(await bench.api.call(call.method, call.path, { body: call.body })).toMatchObject({
      ...{ status: 409, body: { detail: expect.stringContaining(call.possibleFrom) } },
    })
    expect(call.path).toBe(`/attention/${id}/resolve`)
  })

  it.each<[string, ParkedOptions, object[]]>([
    ['a job with an open create', {}, [{ remoteId: '<remote id>' }, { outcome: 'not_created' }, { outcome: 'retry' }]],
    ['a job with an internal error', { reason: 'internal_error' }, [{ outcome: 'retry' }]],
    [
      'a finished job with an unknown outcome',
      { isUnknown: true },
      [{ status: 'succeeded' }, { status: 'failed' }, { status: 'canceled' }],
    ],
  ])('returns only valid requests for %s', async (_, parkedAs, bodies) => {
    for (const [index, body] of bodies.entries()) {
      const [id] = await parkJobs(bench, sql, 1, parkedAs)
      const { calls } = await first()
      expect(calls.map((call: Loose) => call.body)).toEqual(bodies)
      const { method, path } = calls[index]
      // Only the provider shows the id of the object.
      const sent = 'remoteId' in body ? { remoteId: `${id}` } : body
      expect(await bench.api.call(method, path, { body: sent })).toMatchObject({ status: 202, body: { id } })
      expect(await listedIds()).toEqual([])
    }
  })

  it('filters by state, code, kind, connection, project and age', async () => {
    const [parked = ''] = await parkJobs(bench, sql, 1, { ageSeconds: 7200, code: 'timeout' })
    const [unknown = ''] = await parkJobs(bench, sql, 1, { isUnknown: true })
    const [searched = ''] = await parkJobs(bench, sql, 1)
    await sql.query('UPDATE workloads SET due_at = now() WHERE id = $1', [searched])
    const hourAgo = new Date(Date.now() - 3_600_000).toISOString()
    expect(await listedIds()).toEqual([parked, unknown])
    expect(await listedIds('?state=unknown')).toEqual([unknown])
    expect(await listedIds('?state=recovering&state=unknown')).toEqual([unknown, searched].toSorted())
    expect(await listedIds('?code=timeout')).toEqual([parked])
    expect(await listedIds('?code=remote_record_lost')).toEqual([unknown])
    expect(await listedIds(`?sinceBefore=${hourAgo}`)).toEqual([parked])
    expect(await listedIds('?kind=environment')).toEqual([])
    expect(await listedIds(`?provider=slurm&connectionId=${bench.connections.slurm}`)).toHaveLength(2)
    expect(await listedIds(`?connectionId=${bench.connections.scnet}`)).toEqual([])
    expect(await listedIds('?projectId=prj_01h455vb4pex5vsknk084sn02q')).toEqual([])
  })

  it('paginates without gaps if many workloads have the same time', async () => {
    const ids = await parkJobs(bench, sql, 7)
    const seen: string[] = []
    for (let cursor = ''; ; ) {
      const { data, nextCursor } = await list(`?limit=3${cursor}`)
      seen.push(...data.map(({ id }: { id: string }) => id))
      if (nextCursor === undefined) break
      cursor = `&cursor=${nextCursor}`
    }
    expect(seen).toEqual(ids)
  })

  it('rejects a cursor with a non-numeric position', async () => {
    await parkJobs(bench, sql, 2)
    const { nextCursor } = await list('?limit=1')
    const [digest, position] = JSON.parse(Buffer.from(nextCursor, 'base64url').toString())
    const forged = Buffer.from(JSON.stringify([digest, { ...position, sinceUs: "1'" }])).toString('base64url')
    expect(await bench.api.call('GET', `/attention?limit=1&cursor=${forged}`)).toMatchObject({ status: 400 })
  })

  it('shows and resolves workloads of all projects for administrators only', async () => {
    const other = await otherProject('elsewhere')
    const [id = ''] = await parkJobs(bench, sql, 1)
    await sql.query('UPDATE workloads SET project_id = $2 WHERE id = $1', [id, other.id])
    await sql.query('UPDATE workload_events SET project_id = $2 WHERE workload_id = $1', [id, other.id])
    expect(await first(`?projectId=${other.id}`)).toMatchObject({ id, projectId: other.id })
    for (const [method, path, body] of [
      ['GET', '/attention', undefined],
      ['GET', `/attention/${id}/candidates`, undefined],
      ['POST', `/attention/${id}/resolve`, { outcome: 'retry' }],
      ['POST', '/attention/resolve', { filter: { provider: 'slurm' }, resolution: { outcome: 'retry' } }],
    ] as const)
      expect(await other.api.call(method, path, body && { body })).toMatchObject({ status: 403 })
    expect(await bench.api.call('POST', `/jobs/${id}/resolve`, { body: { outcome: 'not_created' } })).toMatchObject({
      status: 404,
    })
    expect(await bench.api.ok('POST', `/attention/${id}/resolve`, { outcome: 'not_created' })).toMatchObject({ id })
    const { data } = (await bench.api.ok('GET', `/audit?objectId=${id}&action=job.resolved`)) as Loose
    expect(data).toMatchObject([{ projectId: other.id, data: { outcome: 'not_created' } }])
  })

  it('returns 412 for a stale If-Match and 404 for a finished workload', async () => {
    const [id = ''] = await parkJobs(bench, sql, 1)
    const resolve = (headers: Record<string, string>) =>
      bench.api.call('POST', `/attention/${id}/resolve`, { body: { outcome: 'retry' }, headers })
    expect(await resolve({ 'if-match': '"1"' })).toMatchObject({ status: 412 })
    await setParked(sql, [id], { isUnknown: true, reason: 'internal_error' })
    await sql.query(`UPDATE workloads SET status = 'succeeded', status_reason = NULL WHERE id = $1`, [id])
    expect(await resolve({})).toMatchObject({
      status: 404,
      body: { detail: expect.stringContaining('GET /attention') },
    })
  })

  it('returns 409 for the candidates of a job without an open create', async () => {
    const [id] = await parkJobs(bench, sql, 1, { reason: 'internal_error' })
    expect(await bench.api.call('GET', `/attention/${id}/candidates`)).toMatchObject({
      ...{ status: 409, body: { code: 'conflict', detail: expect.stringContaining('has no open create') } },
    })
  })
})
