import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { jobExample } from './scnet-client.ts'
import { schedulerId, startScnet } from './scnet-sandbox.ts'

let net: Awaited<ReturnType<typeof startScnet>>
beforeEach(async () => {
  net = await startScnet()
})
afterEach(() => net.sandbox.close())

const hpc = '/hpc/openapi/v2'
const minuteMs = 60_000
const run = async (GAP_CMD_FILE: string, changes: object = {}): Promise<string> =>
  (await net.submit({ GAP_CMD_FILE, ...changes })).json.data
const mapOf = (...ids: string[]) => ids.map((id) => `${schedulerId},${net.account.clusterUser}:${id}:`).join(';')
const live = async (query = '') =>
  (await net.call('GET', `${hpc}/jobs?strClusterIDList=${schedulerId}&start=0&limit=25${query}`)).json
const idsOf = (list: { jobId: string }[]) => list.map(({ jobId }) => jobId)
const history = async (changes: Record<string, string> = {}) => {
  const query = {
    strClusterNameList: String(schedulerId),
    startTime: '2026-01-05 08:00:00',
    endTime: '2026-01-05 09:00:00',
    timeType: 'CUSTOM',
    start: '0',
    limit: '25',
    isQueryByQueueTime: 'false',
    ...changes,
  }
  return (await net.call('GET', `${hpc}/historyjobs?${new URLSearchParams(query)}`)).json
}

describe('the scheduler', () => {
  it('is found by its number, and its queues by the cluster user', async () => {
    expect((await net.call('GET', `${hpc}/cluster`)).json.data).toEqual([
      expect.objectContaining({ id: schedulerId, JobManagerType: 'SLURM', JobManagerPort: 6817 }),
    ])
    const queues = (user: string, query: string) => net.call('GET', `${hpc}/queuenames/users/${user}?${query}`)
    const byCluster = await queues(net.account.clusterUser, `strJobManagerID=${schedulerId}`)
    expect(byCluster.json.data).toContainEqual({ queueName: 'kshctest', queFreeNcpus: 64 })
    expect((await queues(net.account.user, `strJobManagerID=${schedulerId}`)).json.code).toBe('10009')
    expect((await queues(net.account.clusterUser, '')).json.code).toBe('10003')
    expect((await queues(net.account.clusterUser, 'strJobManagerID=1')).json.code).toBe('10004')
  })
})

describe('submit', () => {
  it('answers with a numeric id, whether the scheduler is a string or a number', async () => {
    expect((await net.submit()).json).toEqual({ code: '0', msg: 'SUCCESS', data: expect.stringMatching(/^\d+$/) })
    expect((await net.submit({}, String(schedulerId))).json.code).toBe('0')
    expect((await net.submit({}, 7)).json.code).toBe('10004')
    expect((await net.submit({}, null)).json.code).toBe('10003')
  })

  it.each(Object.keys(jobExample).filter((name) => name !== 'GAP_NODE_STRING'))('asks for %s', async (name) => {
    expect((await net.submit({ [name]: undefined })).json).toMatchObject({
      code: '10003',
      msg: expect.stringContaining(name),
    })
  })

  it.each([
    ['a number where a string belongs', { GAP_NNODE: 1 }, '10004'],
    ['both ways of choosing nodes', { GAP_NODE_STRING: 'n1' }, '10004'],
    ['both ways of choosing processes', { GAP_NPROC: '4', GAP_PPN: '2' }, '10004'],
    ['a wall time without seconds', { GAP_WALL_TIME: '01:00' }, '10004'],
    ['another way of submitting', { GAP_SUBMIT_TYPE: 'file' }, '10004'],
    ['memory without a unit', { GAP_JOB_MEM: '100' }, '10004'],
    ['a queue that is not there', { GAP_QUEUE: 'debug' }, '815007'],
  ])('refuses %s', async (_what, changes, code) => {
    expect(await net.submit(changes)).toMatchObject({ status: 200, json: { code, data: null } })
  })

  it('takes a list of nodes instead of a count, and everything that is optional', async () => {
    const changes = { GAP_NNODE: '', GAP_NODE_STRING: 'n[1-2]', GAP_PPN: '2', GAP_NDCU: '1', GAP_JOB_MEM: '2GB' }
    expect((await net.submit({ ...changes, GAP_EXCLUSIVE: '1' })).json.code).toBe('0')
  })

  it('can succeed without an id, the reason in its message', async () => {
    net.settings.submitWithoutId = true
    expect((await net.submit()).json).toEqual({ code: '0', msg: expect.stringContaining('sbatch: error'), data: '' })
    expect((await live()).data.total).toBe(0)
  })
})

describe('a job', () => {
  it('moves from statQ over statR to statC', async () => {
    net.settings.exitingMs = 100
    const id = await run('sleep 5')
    const seen = []
    for (const step of [0, 200, 5000, 100]) {
      net.time.ms += step
      seen.push((await net.job(id)).jobStatus)
    }
    expect(seen).toEqual(['statQ', 'statR', 'statE', 'statC'])
  })

  it('shows where it writes, how long it ran and how long it may', async () => {
    const id = await run('sleep 65', { GAP_WALL_TIME: '25:00:00' })
    net.time.ms += 2 * minuteMs
    expect(await net.job(id)).toMatchObject({
      jobId: id,
      jobName: jobExample.GAP_JOB_NAME,
      queue: 'kshctest',
      jobRunTime: '00:01:05',
      wallTimeReq: '1-01:00:00',
      exitCode: '0',
      reason: 'None',
      workDir: jobExample.GAP_WORK_DIR,
      outputPath: `/public/home/acsandbox01/run/std.out.${id}`,
      errorPath: `/public/home/acsandbox01/run/std.err.${id}`,
    })
  })

  it('that fails is statC too: the failure is in its reason, exit code and attributes', async () => {
    const id = await run('echo no >&2\nexit 3')
    net.time.ms += 1000
    const failed = await net.job(id)
    expect(failed).toMatchObject({ jobStatus: 'statC', reason: 'NonZeroExitCode', exitCode: '3' })
    expect(JSON.parse(failed.initContentAttr)).toMatchObject({ JobState: 'FAILED', ExitCode: '3:0' })
    net.settings.slurmExitCodes = true
    expect((await net.job(id)).exitCode).toBe('3:0')
  })

  it('can fail in one of the states that are seen beside statC', async () => {
    net.settings.failedJobState = 'statD'
    const id = await run('python train.py && false')
    net.time.ms += 1000
    expect(await net.job(id)).toMatchObject({ jobStatus: 'statD', exitCode: '1' })
  })

  it('ends as statT when its wall time is over', async () => {
    const id = await run('sleep 90; exit 3', { GAP_WALL_TIME: '00:01:00' })
    net.time.ms += minuteMs + 199
    expect((await net.job(id)).jobStatus).toBe('statR')
    net.time.ms += 1
    expect(await net.job(id)).toMatchObject({ jobStatus: 'statT', reason: 'TimeLimit', jobRunTime: '00:01:00' })
    expect((await net.file(`/public/home/acsandbox01/run/std.err.${id}`)).text).toContain('DUE TO TIME LIMIT')
  })
})

describe('after its end a job', () => {
  it('stays in the detail and the live list for five minutes, then only in the history', async () => {
    const id = await run('true')
    net.time.ms += 600 + 5 * minuteMs - 1
    expect((await net.job(id)).jobStatus).toBe('statC')
    expect(idsOf((await live()).data.list)).toEqual([id])
    net.time.ms += 1
    expect((await net.call('GET', `${hpc}/jobs/${id}`)).json.code).toBe('10004')
    expect((await live()).data.list).toEqual([])
    const past = await net.past(id)
    expect(past).toMatchObject({ jobId: id, jobState: 'statC', exitCode: '0' })
    expect(past).not.toHaveProperty('jobStatus')
    expect(idsOf((await history()).data.list)).toEqual([id])
  })

  it('is found in the history by its id, and by the time that the list shows', async () => {
    const [first, second] = [(await net.submit()).json.data, (await net.submit()).json.data]
    net.time.ms += 60_000
    expect(idsOf((await history()).data.list)).toEqual([second, first])
    expect(idsOf((await history({ sort: 'ASC' })).data.list)).toEqual([first, second])
    const { data } = await history({ jobId: first })
    expect(idsOf(data.list)).toEqual([first])
    const at = (time: number) => net.call('GET', `${hpc}/historyjobs/${schedulerId}/${first}?acctTime=${time}`)
    expect((await at(data.list[0].acctTime)).json.data.jobId).toBe(first)
    expect((await at(1)).json.code).toBe('10004')
  })

  it('has a window by setting, and may be late in the history', async () => {
    Object.assign(net.settings, { liveWindowMs: 1000, historyLagMs: 3000 })
    const id = await run('true')
    net.time.ms += 600 + 1000
    expect(await net.job(id)).toBeNull()
    expect(await net.past(id)).toBeNull()
    net.time.ms += 2000
    expect(await net.past(id)).toMatchObject({ jobState: 'statC' })
  })

  it('is not in the history before', async () => {
    const id = await run('sleep 60')
    net.time.ms += 1000
    expect(await net.past(id)).toBeNull()
    expect((await history()).data.list).toEqual([])
  })

  it('is found by the time of its end, or by that of its queueing', async () => {
    const id = await run('sleep 1800')
    net.time.ms += 40 * minuteMs
    const late = { startTime: '2026-01-05 08:30:00' }
    expect(idsOf((await history(late)).data.list)).toEqual([id])
    expect((await history({ ...late, isQueryByQueueTime: 'true' })).data.list).toEqual([])
    expect((await history({ endTime: '2026-01-05 08:29:00' })).data.list).toEqual([])
  })

  it.each([
    [{ startTime: '' }, '10003'],
    [{ endTime: '2026-01-05T09:00:00Z' }, '10004'],
    [{ timeType: 'DAY' }, '10004'],
    [{ strClusterNameList: '' }, '10003'],
    [{ strClusterNameList: 'kunshan' }, '10004'],
  ])('is not looked for with %j', async (changes, code) => {
    expect((await history(changes)).code).toBe(code)
  })
})

describe('the live list', () => {
  it('filters by id and state, pages, and shows the newest first', async () => {
    const ids = [await run('sleep 60'), await run('true'), await run('sleep 60')] as const
    net.time.ms += 1000
    expect(idsOf((await live()).data.list)).toEqual(ids.toReversed())
    expect(idsOf((await live(`&strJobId=${ids[1]}`)).data.list)).toEqual([ids[1]])
    expect(idsOf((await live('&strJobStat=statR')).data.list)).toEqual([ids[2], ids[0]])
    const path = `${hpc}/jobs?strClusterIDList=${schedulerId}&start=1&limit=1`
    expect(idsOf((await net.call('GET', path)).json.data.list)).toEqual([ids[1]])
    expect((await net.call('GET', `${hpc}/jobs`)).json.code).toBe('10003')
  })

  it('shows nothing of another user', async () => {
    const id = await run('sleep 60')
    const token = (await net.tokens(net.sandbox.otherAccounts.scnet[0]))['11112'] ?? ''
    const path = `${hpc}/jobs?strClusterIDList=${schedulerId}`
    expect((await net.call('GET', path, { token })).json.data.list).toEqual([])
    expect((await net.call('GET', `${hpc}/jobs/${id}`, { token })).json.code).toBe('10004')
  })
})

describe('cancel', () => {
  it('takes a form in the body of a DELETE, for several jobs, waiting or running', async () => {
    const first = await run('sleep 60')
    net.time.ms += 1000
    const second = await run('sleep 60')
    const { json } = await net.cancel(mapOf(first, second))
    expect(json).toEqual({ code: '0', msg: 'SUCCESS', data: { [schedulerId]: expect.stringContaining(first) } })
    expect((await net.job(first)).jobStatus).toBe('statR')
    net.time.ms += 150
    expect([(await net.job(first)).jobStatus, (await net.job(second)).jobStatus]).toEqual(['statDE', 'statDE'])
    net.time.ms += minuteMs
    expect((await net.job(second)).jobStatus).toBe('statDE')
  })

  it('loses the race against an end that is nearer', async () => {
    const id = await run('true')
    net.time.ms += 500
    await net.cancel(mapOf(id))
    net.time.ms += 1000
    expect((await net.job(id)).jobStatus).toBe('statC')
  })

  it('of what has ended or is not there succeeds with an error in its text, or is refused when strict', async () => {
    const id = await run('true')
    net.time.ms += 1000
    for (const map of [mapOf(id), mapOf('99')]) {
      expect((await net.cancel(map)).json).toMatchObject({
        code: '0',
        data: { [schedulerId]: expect.stringContaining('scancel: error') },
      })
    }
    net.settings.refuseCancelOfEnded = true
    expect((await net.cancel(mapOf(id))).json.code).toBe('10001')
  })

  it.each([
    ['without the colon at its end', () => mapOf('1').slice(0, -1), '10004'],
    ['with another scheduler', () => mapOf('1').replace(String(schedulerId), '7'), '10004'],
    ['with the portal user', () => `${schedulerId},${net.account.user}:1:`, '10009'],
    ['that is empty', () => '', '10003'],
  ])('refuses a map %s', async (_what, map, code) => {
    expect((await net.cancel(map())).json.code).toBe(code)
  })

  it('reads a query too, unless strict, and never a JSON body', async () => {
    const id = await run('sleep 60')
    const fields = { jobMethod: '5', strJobInfoMap: mapOf(id) }
    const byQuery = () => net.call('DELETE', `${hpc}/jobs?${new URLSearchParams(fields)}`)
    expect((await net.call('DELETE', `${hpc}/jobs`, { json: fields })).json.code).toBe('10003')
    net.settings.refuseCancelByQuery = true
    expect((await byQuery()).json.code).toBe('10003')
    net.settings.refuseCancelByQuery = false
    expect((await byQuery()).json.code).toBe('0')
  })
})

describe('files', () => {
  const out = (id: string) => `/public/home/acsandbox01/run/std.out.${id}`
  const err = (id: string) => `/public/home/acsandbox01/run/std.err.${id}`

  it('hold what a job has printed so far, as bytes', async () => {
    const id = await run('echo one; sleep 10\necho "two; 三" && echo bad >&2')
    expect((await net.file(out(id))).json).toMatchObject({ code: '911020', data: null })
    net.time.ms += 200
    const early = await net.file(out(id))
    expect(early).toMatchObject({ status: 200, type: 'application/octet-stream', text: 'one\n' })
    net.time.ms += 10_000
    expect((await net.file(out(id))).text).toBe('one\ntwo; 三\n')
    expect((await net.file(err(id))).text).toBe('bad\n')
  })

  it('tell a cancel in the error file', async () => {
    const id = await run('echo one; sleep 60; echo two')
    net.time.ms += 1000
    await net.cancel(mapOf(id))
    net.time.ms += 1000
    expect((await net.file(out(id))).text).toBe('one\n')
    expect((await net.file(err(id))).text).toContain(`JOB ${id} ON node1 CANCELLED`)
  })

  it('are overwritten by the newest job when their name has no %j', async () => {
    const shared = { GAP_STD_OUT_FILE: 'out.txt', GAP_STD_ERR_FILE: 'out.txt' }
    await run('echo old', shared)
    await run('echo new; echo worse >&2', shared)
    net.time.ms += 1000
    expect((await net.file('/public/home/acsandbox01/run/out.txt')).text).toBe('new\nworse\n')
  })

  it('are refused in JSON when missing, foreign, or asked for without a path', async () => {
    const id = await run('echo mine')
    net.time.ms += 1000
    expect((await net.file('/public/home/acsandbox01/nothing')).json.code).toBe('911020')
    expect((await net.call('GET', '/efile/openapi/v2/file/download')).json.code).toBe('10003')
    const token = (await net.tokens(net.sandbox.otherAccounts.scnet[0]))['11112'] ?? ''
    const path = `/efile/openapi/v2/file/download?path=${encodeURIComponent(out(id))}`
    expect((await net.call('GET', path, { token })).json.code).toBe('911030')
    expect((await net.call('GET', path, { token: 'x' })).json.code).toBe('10008')
  })
})
