import { describe, expect, it } from 'vitest'
import { forEachTest } from '../support/for-each-test.ts'
import { schedulerId, startScnet } from './scnet-sandbox.ts'

const net = forEachTest(startScnet, ({ sandbox }) => sandbox.close())

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

describe('ended SCNet sandbox job', () => {
  it('is in the detail and the live list for five minutes, then only in the history', async () => {
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

  it('is found in the history by id, and by the time in the list', async () => {
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

  it('leaves the live list and enters the history by configurable delays', async () => {
    Object.assign(net.settings, { liveWindowMs: 1000, historyLagMs: 3000 })
    const id = await run('true')
    net.time.ms += 600 + 1000
    expect(await net.job(id)).toBeNull()
    expect(await net.past(id)).toBeNull()
    net.time.ms += 2000
    expect(await net.past(id)).toMatchObject({ jobState: 'statC' })
  })

  it('is not in the history while the job runs', async () => {
    const id = await run('sleep 60')
    net.time.ms += 1000
    expect(await net.past(id)).toBeNull()
    expect((await history()).data.list).toEqual([])
  })

  it('is found by the time of its end or its queueing', async () => {
    const id = await run('sleep 1800')
    net.time.ms += 40 * minuteMs
    const laterStart = { startTime: '2026-01-05 08:30:00' }
    expect(idsOf((await history(laterStart)).data.list)).toEqual([id])
    expect((await history({ ...laterStart, isQueryByQueueTime: 'true' })).data.list).toEqual([])
    expect((await history({ endTime: '2026-01-05 08:29:00' })).data.list).toEqual([])
  })

  it.each([
    [{ startTime: '' }, '10003'],
    [{ endTime: '2026-01-05T09:00:00Z' }, '10004'],
    [{ timeType: 'DAY' }, '10004'],
    [{ strClusterNameList: '' }, '10003'],
    [{ strClusterNameList: 'kunshan' }, '10004'],
  ])('rejects a history query with %j', async (changes, code) => {
    expect((await history(changes)).code).toBe(code)
  })
})

describe('SCNet sandbox live list', () => {
  it('is filtered by id and state, paged, and sorted newest first', async () => {
    const ids = [await run('sleep 60'), await run('true'), await run('sleep 60')] as const
    net.time.ms += 1000
    expect(idsOf((await live()).data.list)).toEqual(ids.toReversed())
    expect(idsOf((await live(`&strJobId=${ids[1]}`)).data.list)).toEqual([ids[1]])
    expect(idsOf((await live('&strJobStat=statR')).data.list)).toEqual([ids[2], ids[0]])
    const path = `${hpc}/jobs?strClusterIDList=${schedulerId}&start=1&limit=1`
    expect(idsOf((await net.call('GET', path)).json.data.list)).toEqual([ids[1]])
    expect((await net.call('GET', `${hpc}/jobs`)).json.code).toBe('10003')
  })

  it('omits jobs of another user', async () => {
    const id = await run('sleep 60')
    const token = (await net.tokens(net.sandbox.otherAccounts.scnet[0]))['11112'] ?? ''
    const path = `${hpc}/jobs?strClusterIDList=${schedulerId}`
    expect((await net.call('GET', path, { token })).json.data.list).toEqual([])
    expect((await net.call('GET', `${hpc}/jobs/${id}`, { token })).json.code).toBe('10004')
  })
})

describe('SCNet sandbox output files', () => {
  const out = (id: string) => `/public/home/acsandbox01/run/std.out.${id}`
  const err = (id: string) => `/public/home/acsandbox01/run/std.err.${id}`

  it('contain the output so far, as bytes', async () => {
    const id = await run('echo one; sleep 10\necho "two; 三" && echo bad >&2')
    expect((await net.file(out(id))).json).toMatchObject({ code: '911020', data: null })
    net.time.ms += 200
    const early = await net.file(out(id))
    expect(early).toMatchObject({ status: 200, type: 'application/octet-stream', text: 'one\n' })
    net.time.ms += 10_000
    expect((await net.file(out(id))).text).toBe('one\ntwo; 三\n')
    expect((await net.file(err(id))).text).toBe('bad\n')
  })

  it('contain a cancel in the error file', async () => {
    const id = await run('echo one; sleep 60; echo two')
    net.time.ms += 1000
    await net.cancel(mapOf(id))
    net.time.ms += 1000
    expect((await net.file(out(id))).text).toBe('one\n')
    expect((await net.file(err(id))).text).toContain(`JOB ${id} ON node1 CANCELLED`)
  })

  it('are overwritten by the newest job without %j in their name', async () => {
    const shared = { GAP_STD_OUT_FILE: 'out.txt', GAP_STD_ERR_FILE: 'out.txt' }
    await run('echo old', shared)
    await run('echo new; echo worse >&2', shared)
    net.time.ms += 1000
    expect((await net.file('/public/home/acsandbox01/run/out.txt')).text).toBe('new\nworse\n')
  })

  it('return a JSON error if missing, foreign or requested without a path', async () => {
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
