import { describe, expect, it } from 'vitest'
import { withKept } from '../../../src/workloads/apply/sanitize-observation.ts'
import { withPayload } from '../../support/observation-payloads.ts'
import { spec } from './job-samples.ts'
import { failed, failureOf, jobIntent, ok, signal, useScnetStub } from './scnet-stub.ts'

const stub = useScnetStub()
const hpc = '/hpc/openapi/v2'
const detail = `GET ${hpc}/jobs/63436?strJobManagerID=1638523853`
const liveById = `GET ${hpc}/jobs?strClusterIDList=1638523853&strJobId=63436&start=0&limit=100`
/** The history detail, which is too slow without this time. */
const past = `GET ${hpc}/historyjobs/1638523853/63436?acctTime=1764591000`
const live = (start = 0) => `GET ${hpc}/jobs?strClusterIDList=1638523853&start=${start}&limit=100`
/** Start and end are in the platform's zone, +08:00. */
const history = (from: string, more = '') =>
  `GET ${hpc}/historyjobs?${new URLSearchParams({
    strClusterNameList: '1638523853',
    startTime: from,
    endTime: '2025-12-01 21:41:31',
    timeType: 'CUSTOM',
    isQueryByQueueTime: 'false',
  })}${more}&start=0&limit=100`
const lastDay = history('2025-11-30 21:26:31', '&jobId=63436')
const lastMonth = history('2025-11-01 21:26:31', '&jobId=63436')
const none = ok({ total: 0, list: [] })
const correlationTag = 's7k2m9qd4xw1'

/** A live record in the format of live systems. */
const running = {
  jobId: '63436',
  jobName: correlationTag,
  jobStatus: 'statR',
  queue: 'debug',
  jobStartTime: '2025-12-01 21:00:00',
  jobRunTime: '00:01:31',
  wallTimeReq: '4-04:00:00',
  reason: 'None',
  exitCode: '',
  workDir: '/public/home/bob_hpc/run',
  outputPath: '/public/home/bob_hpc/run/std.out.63436',
  errorPath: '/public/home/bob_hpc/run/std.err.63436',
}

const ended = {
  jobId: '63436',
  jobName: correlationTag,
  jobState: 'statC',
  jobExitStatus: 0,
  jobStartTime: '2025-12-01 20:00:00',
  jobEndTime: '2025-12-01 20:10:00',
  workdir: '/public/home/bob_hpc/run',
  stdout: '/public/home/bob_hpc/run/std.out.63436',
  stderr: null,
}

describe('SCNet job', () => {
  it('is read from its detail while it is live', async () => {
    stub.server.on(detail, ok(running))
    expect(withPayload(await stub.job().get('63436', signal))).toEqual({
      remoteId: '63436',
      rawState: 'statR',
      status: 'running',
      startedAt: new Date('2025-12-01T13:00:00Z'),
      remoteName: correlationTag,
      correlationTag,
      payload: running,
    })
  })

  it('has no start time while it waits, although the scheduler reports one', async () => {
    stub.server.on(detail, ok({ ...running, jobStatus: 'statH', reason: 'JobHeldUser' }))
    const seen = await stub.job().get('63436', signal)
    expect(seen).toMatchObject({ status: 'pending', reason: 'held', message: 'Scheduler: JobHeldUser' })
    expect(seen).not.toHaveProperty('startedAt')
  })

  it('is searched in the live list, then in the history', async () => {
    stub.server.on(detail, ok(null))
    stub.server.once(liveById, ok({ total: 1, list: [running] }))
    expect(await stub.job().get('63436', signal)).toMatchObject({ rawState: 'statR' })
    stub.server.on(liveById, none)
    stub.server.on(lastDay, ok({ total: 1, list: [ended] }))
    expect(await stub.job().get('63436', signal)).toMatchObject({
      status: 'succeeded',
      exitCode: 0,
      startedAt: new Date('2025-12-01T12:00:00Z'),
      endedAt: new Date('2025-12-01T12:10:00Z'),
    })
  })

  it('is read from a history with raw states of the scheduler', async () => {
    stub.server.on(detail, failed('10004', 'no'))
    stub.server.on(liveById, none)
    stub.server.on(lastDay, none)
    const record = { ...ended, jobId: 63436, jobState: 'TIMEOUT', jobExitStatus: 0 }
    stub.server.on(lastMonth, ok({ total: 1, list: [record] }))
    expect(await stub.job().get('63436', signal)).toMatchObject({ status: 'failed', reason: 'time_limit' })
  })

  it('reads the history detail by its listed time, or falls back to the list entry', async () => {
    const { stdout: _, ...record } = { ...ended, acctTime: 1764591000 }
    stub.server.on(detail, ok(null))
    stub.server.on(liveById, none)
    stub.server.on(lastDay, ok({ total: 1, list: [record] }))
    stub.server.once(past, { status: 504, body: 'no' })
    const seen = { status: 'succeeded', exitCode: 0 }
    expect(await stub.job().get('63436', signal)).toMatchObject(seen)
    stub.server.once(past, ok(ended))
    expect(withPayload(await stub.job().get('63436', signal))).toMatchObject({
      ...seen,
      payload: { stdout: ended.stdout },
    })
  })

  it.each([
    [{ jobStatus: 'statDE', exitCode: '0:0' }, { status: 'canceled' }],
    [
      { jobStatus: 'statDE', exitCode: '0:15' },
      { status: 'canceled', signal: 15 },
    ],
    [
      { jobStatus: 'statT', exitCode: '0' },
      { status: 'failed', reason: 'time_limit' },
    ],
    [
      { jobStatus: 'statC', exitCode: '3:0' },
      { status: 'failed', reason: 'nonzero_exit', exitCode: 3 },
    ],
  ])('has an exit code for %j only if it ended on its own', async (record, expected) => {
    stub.server.on(detail, ok({ ...running, ...record }))
    const seen = await stub.job().get('63436', signal)
    const { status, reason, exitCode, signal: by } = seen === 'gone' ? {} : seen
    expect({ status, reason, exitCode, signal: by }).toEqual(expected)
  })

  it('has no start time if it was canceled before its expected start', async () => {
    const canceled = { ...running, jobStatus: 'statDE', jobStartTime: '2025-12-02 08:00:00' }
    stub.server.on(detail, ok({ ...canceled, jobEndTime: '2025-12-01 21:20:00' }))
    const seen = await stub.job().get('63436', signal)
    expect(seen).toMatchObject({ status: 'canceled', endedAt: new Date('2025-12-01T13:20:00Z') })
    expect(seen).not.toHaveProperty('startedAt')
  })

  it('is gone only if complete lists omit it', async () => {
    stub.server.on(detail, failed('10004', 'no'))
    stub.server.on(liveById, none)
    stub.server.on(lastDay, none)
    stub.server.on(lastMonth, none)
    expect(await stub.job().get('63436', signal)).toBe('gone')
    stub.server.on(lastMonth, ok({ total: 9, list: [] }))
    expect((await failureOf(stub.job().get('63436', signal))).code).toBe('bad_response')
  })

  it('is gone if the live list omits it and there is no history', async () => {
    stub.server.on(detail, ok(null))
    stub.server.on(liveById, ok({ total: 0, list: [] }))
    const driver = stub.job({ hasHistory: false })
    expect(await driver.get('63436', signal)).toBe('gone')
    expect(driver.traits.retentionMs).toBe(300_000)
    expect(stub.job().traits.retentionMs).toBeUndefined()
  })

  it('is not searched in the lists if the service fails', async () => {
    stub.server.on(detail, { status: 503, body: 'no' })
    expect((await failureOf(stub.job().get('63436', signal))).code).toBe('unavailable')
  })

  it('has no correlation tag if its name is not one', async () => {
    stub.server.on(detail, ok({ ...running, jobName: 'STDIN_0910_094758' }))
    expect(await stub.job().get('63436', signal)).toMatchObject({
      correlationTag: null,
      remoteName: 'STDIN_0910_094758',
    })
  })
})

describe('SCNet job lists and searches', () => {
  it('read the live list, then the last hour of the history', async () => {
    stub.server.on(live(), ok({ total: 2, list: [running] }))
    stub.server.on(live(1), ok({ total: 2, list: [{ ...running, jobId: '2', jobStatus: 'statZ' }] }))
    stub.server.on(history('2025-12-01 20:26:31'), ok({ total: 1, list: [{ ...ended, jobId: '3' }] }))
    const driver = stub.job()
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const page = await driver.list({ cursor, watched: [] }, signal)
      seen.push(...page.seen.map(({ remoteId, status }) => `${remoteId} ${status}`))
      cursor = page.next
    } while (cursor !== null)
    expect(seen).toEqual(['63436 running', '2 null', '3 succeeded'])
  })

  it('declare the detail fields that lists omit', async () => {
    const { outputPath, errorPath, exitCode, ...listEntry } = running
    stub.server.on(live(), ok({ total: 1, list: [listEntry] }))
    stub.server.on(history('2025-12-01 21:11:31'), none)
    const { seen } = await stub.job().list({ cursor: null, watched: [] }, signal)
    const omits = seen[0]?.omits ?? []
    expect(omits).toEqual(expect.arrayContaining(['outputPath', 'errorPath', 'exitCode']))
    expect(omits.filter((name) => name in listEntry)).toEqual([])
    const found = (await stub.job().find([jobIntent(stub.clock, spec, correlationTag)], signal)).get(correlationTag)
    expect(found).toMatchObject({ found: [{ omits }] })
    stub.server.on(detail, ok(running))
    expect(await stub.job().get('63436', signal)).not.toHaveProperty('omits')
    // An object observed in a list and then in its detail keeps the fields that only the detail contains.
    expect(withKept(seen[0] ?? { payload: () => null }, running)).toEqual(running)
  })

  it('find a job in both lists once, from 15 minutes before it was sent', async () => {
    stub.server.on(live(), ok({ total: 1, list: [{ ...running, jobStatus: 'statC' }] }))
    stub.server.on(history('2025-12-01 21:11:31'), ok({ total: 1, records: [ended] }))
    const intents = [jobIntent(stub.clock, spec, correlationTag), jobIntent(stub.clock, spec, 'a00000000000')]
    const found = await stub.job().find(intents, signal)
    expect(found.get(correlationTag)).toMatchObject({ found: [{ remoteId: '63436', status: 'succeeded' }] })
    expect(found.get('a00000000000')).toEqual({ absent: true })
  })

  it('are inconclusive if the history ends early', async () => {
    stub.server.on(live(), ok({ total: 0, list: [] }))
    stub.server.on(history('2025-12-01 21:11:31'), ok({ total: 3, list: [] }))
    const found = await stub.job().find([jobIntent(stub.clock, spec, correlationTag)], signal)
    expect(found.get(correlationTag)).toHaveProperty('inconclusive')
  })
})

describe('SCNet cancel', () => {
  const cancel = `DELETE ${hpc}/jobs`

  it('sends a form with the scheduler, the cluster user and the job', async () => {
    stub.server.on(cancel, ok({ '1638523853': 'ok' }))
    await stub.job().controls.cancel?.('63436', signal)
    expect(stub.calls()).toEqual([[cancel, 'jobMethod=5&strJobInfoMap=1638523853%2Cbob_hpc%3A63436%3A']])
    expect(stub.server.requests.at(-1)?.headers['content-type']).toBe('application/x-www-form-urlencoded')
  })

  it('succeeds for an ended job and reports the error for a running one', async () => {
    stub.server.on(cancel, failed('10004', 'job not in queue'))
    stub.server.once(detail, ok({ ...running, jobStatus: 'statDE' }))
    await stub.job().controls.cancel?.('63436', signal)
    stub.server.once(detail, ok(running))
    const error = await failureOf(stub.job().controls.cancel?.('63436', signal) ?? Promise.resolve())
    expect(error).toMatchObject({ code: 'invalid_request', providerCode: '10004' })
  })
})

describe('SCNet job logs', () => {
  const file = (name: string) =>
    `GET /efile/openapi/v2/file/download?${new URLSearchParams({ path: `/public/home/bob_hpc/run/${name}` })}`

  it('return the output files one after the other', async () => {
    stub.server.on(detail, ok({ ...running, outputPath: 'std.out.%j' }))
    stub.server.on(file('std.out.63436'), { body: 'epoch 1\n' })
    stub.server.on(file('std.err.63436'), failed('911020', 'no such file'))
    const driver = stub.job()
    expect(await driver.logs?.('63436', null, signal)).toEqual({ text: 'epoch 1\n', links: [], next: 'stderr' })
    expect(await driver.logs?.('63436', 'stderr', signal)).toEqual({ text: '', links: [] })
  })

  it('use the paths of the history for an ended job', async () => {
    stub.server.on(detail, ok(null))
    stub.server.on(liveById, ok({ total: 0, list: [] }))
    stub.server.on(lastDay, ok({ total: 1, list: [ended] }))
    stub.server.on(file('std.out.63436'), {
      headers: { 'content-type': 'application/octet-stream' },
      body: '{"code":1}',
    })
    expect(await stub.job().logs?.('63436', null, signal)).toEqual({ text: '{"code":1}', links: [] })
  })

  it('report a denied file', async () => {
    stub.server.on(detail, ok(running))
    stub.server.on(file('std.out.63436'), failed('911030', 'denied'))
    expect(await failureOf(stub.job().logs?.('63436', null, signal) ?? Promise.resolve())).toMatchObject({
      code: 'permission_denied',
      providerCode: '911030',
    })
  })
})

it('the SCNet catalog lists the queues of the cluster user', async () => {
  const queues = [{ queueName: 'debug', queFreeNcpus: '12' }]
  stub.server.on(`GET ${hpc}/queuenames/users/bob_hpc?strJobManagerID=1638523853`, ok(queues))
  expect(await stub.job().catalog?.(signal)).toEqual({ queues })
})
