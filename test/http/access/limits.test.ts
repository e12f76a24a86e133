import { Client } from 'pg'
import { describe, expect, it } from 'vitest'
import { startTwoInstances, type TwoInstances } from './two-instances.ts'

const requestRate = { requests: 20, windowSeconds: 6 }

// Each waits for the end of a window, so they run concurrently.
describe.concurrent.each([{ counts: 'in Redis' }, { counts: 'in Postgres' }])(
  'the request rate, counted $counts',
  ({ counts }) => {
    const two: TwoInstances = startTwoInstances({ requestRate }, counts === 'in Redis')

    it('applies to all instances, returns the remainder and resets with its window', async () => {
      const { key } = await two.admin.ok('POST', '/api-keys', { name: 'busy', scopes: ['jobs:read'] })
      const first = await two.as(key).call('GET', '/jobs')
      expect(first.headers.get('ratelimit-policy')).toBe('"default";q=20;w=6')
      expect(first.headers.get('ratelimit')).toMatch(/^"default";r=19;t=[1-6]$/)
      const responses = []
      for (let sent = 1; sent < 30; sent += 1)
        responses.push(await two.as(key, sent % 2 === 0 ? 'first' : 'second').call('GET', '/jobs'))
      const rejected = responses.filter(({ status }) => status === 429)
      expect(responses.filter(({ status }) => status === 200)).toHaveLength(19)
      expect(rejected).toHaveLength(10)
      expect(rejected[0]?.body).toMatchObject({ code: 'rate_limited', retryable: true })
      const retryAfter = Number(rejected[0]?.headers.get('retry-after'))
      expect(retryAfter).toBeGreaterThan(0)
      await new Promise((resolve) => setTimeout(resolve, retryAfter * 1000 + 100))
      expect((await two.as(key).call('GET', '/jobs')).status).toBe(200)
    })

    it('is separate for each key', async () => {
      const keys = await Promise.all(
        ['a', 'b'].map((name) => two.admin.ok('POST', '/api-keys', { name, scopes: ['jobs:read'] })),
      )
      const [busy, other] = keys as [{ key: string }, { key: string }]
      for (let sent = 0; sent < 25; sent += 1) await two.as(busy.key).call('GET', '/jobs')
      expect((await two.as(other.key).call('GET', '/jobs')).status).toBe(200)
    })

    it('includes forbidden requests, which bounds their audit log entries', async () => {
      const { id, key } = await two.admin.ok('POST', '/api-keys', { name: 'limited', scopes: ['jobs:read'] })
      const responses = []
      for (let sent = 0; sent < 25; sent += 1) responses.push(await two.as(key).call('POST', '/jobs'))
      expect(responses.map(({ status }) => status)).toEqual([...Array(20).fill(403), ...Array(5).fill(429)])
      const { data } = await two.admin.ok('GET', `/audit?subject=${id}&limit=200`)
      expect(data).toHaveLength(20)
    })
  },
)

describe('a project quota', () => {
  const two = startTwoInstances()
  const teamWith = async (name: string, quota: object) => {
    const project = await two.admin.ok('POST', '/projects', { name, quota })
    const scopes = ['environments:write', 'connections:manage']
    const { key } = await two.admin.ok('POST', '/api-keys', { name: 'k', projectId: project.id, scopes })
    return { project, callers: [two.as(key), two.as(key, 'second')] as const }
  }
  const connectionBody = (name: string) => ({
    name,
    settings: { dataforest: { baseUrl: 'http://127.0.0.1:9', accountId: 'a' } },
    credentials: { dataforest: { accessKey: 'k', secretKey: 's' } },
  })
  const environmentBody = (name: string, gpus = 0) => ({
    ...{ provider: 'dataforest', name, image: 'tensorflow:r2.3.1-py3', command: ['ls'] },
    ...(gpus === 0
      ? {}
      : { resources: { cpus: 1, memoryMiB: 1024, accelerator: { kind: 'gpu', model: 'T4', count: gpus } } }),
  })

  it('rejects resources above the limit with the numbers and accepts them after an increase', async () => {
    const quota = { activeWorkloads: 2, accelerators: 3, connections: 1 }
    const { project, callers } = await teamWith('small', quota)
    const [team] = callers
    await team.ok('POST', '/connections', connectionBody('one'))
    const second = await team.call('POST', '/connections', { body: connectionBody('two') })
    expect(second).toMatchObject({ status: 403, body: { code: 'quota_exceeded' } })
    expect(second.body.detail).toContain('1 of 1 connections')

    await team.ok('POST', '/environments', environmentBody('a', 2))
    const overLimit = await team.call('POST', '/environments', { body: environmentBody('b', 2) })
    expect(overLimit.body.detail).toContain('2 of 3 accelerators, and this asks for 2')
    await team.ok('POST', '/environments', environmentBody('b', 1))
    const third = await team.call('POST', '/environments', { body: environmentBody('c') })
    expect(third.body.detail).toContain('2 of 2 active jobs and environments')

    await two.admin.ok('PATCH', `/projects/${project.id}`, { quota: { activeWorkloads: 3 } })
    const { id } = await team.ok('POST', '/environments', environmentBody('c'))
    expect((await team.call('POST', '/environments', { body: environmentBody('d') })).status).toBe(403)
    // An environment that the provider did not create does not count.
    const sql = new Client({ connectionString: two.databaseUrl })
    await sql.connect()
    await sql.query(`UPDATE workloads SET status = 'failed', ended_at = now() WHERE id = $1`, [id])
    await sql.end()
    await team.ok('POST', '/environments', environmentBody('d'))
  })

  /** Sends fifty concurrent requests, half of them to each instance. */
  const postFifty = async (
    { callers }: Awaited<ReturnType<typeof teamWith>>,
    path: string,
    bodyOf: (name: string) => object,
  ) => {
    const responses = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        callers[index % 2 === 0 ? 0 : 1].call('POST', path, { body: bodyOf(`n${index}`) }),
      ),
    )
    const rejected = responses.filter(({ status }) => status === 403)
    expect(rejected.every(({ body }) => body.code === 'quota_exceeded')).toBe(true)
    return { accepted: responses.filter(({ status }) => status < 300).length, rejected: rejected.length }
  }

  it('is not exceeded by concurrent requests', async () => {
    const workloads = await teamWith('many', { activeWorkloads: 5, connections: 5 })
    expect(await postFifty(workloads, '/connections', connectionBody)).toEqual({ accepted: 5, rejected: 45 })
    const { data } = await workloads.callers[0].ok('GET', '/connections')
    const reference = { connectionId: data[0].id, provider: undefined }
    const posted = postFifty(workloads, '/environments', (name) => ({ ...environmentBody(name), ...reference }))
    expect(await posted).toEqual({ accepted: 5, rejected: 45 })

    const gpus = await teamWith('greedy', { accelerators: 11 })
    await gpus.callers[0].ok('POST', '/connections', connectionBody('one'))
    const withTwoGpus = (name: string) => environmentBody(name, 2)
    expect(await postFifty(gpus, '/environments', withTwoGpus)).toEqual({ accepted: 5, rejected: 45 })
  })

  it('does not affect idempotent replays or the rejection of a reused key', async () => {
    const { callers } = await teamWith('repeats', { activeWorkloads: 1 })
    await callers[0].ok('POST', '/connections', connectionBody('one'))
    const submit = (name: string, instance = 0) =>
      callers[instance === 0 ? 0 : 1].call('POST', '/environments', {
        body: environmentBody(name),
        headers: { 'idempotency-key': 'once' },
      })
    const responses = await Promise.all(Array.from({ length: 20 }, (_, index) => submit('same', index % 2)))
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([202]))
    expect(new Set(responses.map(({ body }) => body.id)).size).toBe(1)
    expect(await submit('other')).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } })
  })
})

describe('long polling', () => {
  const two = startTwoInstances({ waiting: { maxSeconds: 5, perCaller: 2 } })

  it('is limited per key and releases its slots', async () => {
    const connection = await two.admin.ok('POST', '/connections', {
      name: 'one',
      settings: { dataforest: { baseUrl: 'http://127.0.0.1:9', accountId: 'a' } },
      credentials: { dataforest: { accessKey: 'k', secretKey: 's' } },
    })
    const body = { connectionId: connection.id, name: 'ws', image: 'tensorflow:r2.3.1-py3', command: ['ls'] }
    const { id } = await two.admin.ok('POST', '/environments', body)
    const wait = () => two.admin.call('GET', `/environments/${id}`, { headers: { prefer: 'wait=1' } })
    const responses = await Promise.all([wait(), wait(), wait()])
    expect(responses.map(({ status }) => status).toSorted()).toEqual([200, 200, 429])
    expect((await wait()).status).toBe(200)
  })
})
