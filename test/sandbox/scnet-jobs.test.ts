import { describe, expect, it } from 'vitest'
import { forEachTest } from '../support/for-each-test.ts'
import { jobExample } from './scnet-client.ts'
import { schedulerId, startScnet } from './scnet-sandbox.ts'

const net = forEachTest(startScnet, ({ sandbox }) => sandbox.close())

const hpc = '/hpc/openapi/v2'
const minuteMs = 60_000
const run = async (GAP_CMD_FILE: string, changes: object = {}): Promise<string> =>
  (await net.submit({ GAP_CMD_FILE, ...changes })).json.data
const mapOf = (...ids: string[]) => ids.map((id) => `${schedulerId},${net.account.clusterUser}:${id}:`).join(';')
const live = async (query = '') =>
  (await net.call('GET', `${hpc}/jobs?strClusterIDList=${schedulerId}&start=0&limit=25${query}`)).json

describe('SCNet sandbox scheduler', () => {
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

describe('SCNet sandbox submit', () => {
  it('returns a numeric id, and accepts the scheduler as string or number', async () => {
    expect((await net.submit()).json).toEqual({ code: '0', msg: 'SUCCESS', data: expect.stringMatching(/^\d+$/) })
    expect((await net.submit({}, String(schedulerId))).json.code).toBe('0')
    expect((await net.submit({}, 7)).json.code).toBe('10004')
    expect((await net.submit({}, null)).json.code).toBe('10003')
  })

  it.each(Object.keys(jobExample).filter((name) => name !== 'GAP_NODE_STRING'))('requires %s', async (name) => {
    expect((await net.submit({ [name]: undefined })).json).toMatchObject({
      code: '10003',
      msg: expect.stringContaining(name),
    })
  })

  it.each([
    ['a number instead of a string', { GAP_NNODE: 1 }, '10004'],
    ['both node options', { GAP_NODE_STRING: 'n1' }, '10004'],
    ['both process options', { GAP_NPROC: '4', GAP_PPN: '2' }, '10004'],
    ['a wall time without seconds', { GAP_WALL_TIME: '01:00' }, '10004'],
    ['another submit type', { GAP_SUBMIT_TYPE: 'file' }, '10004'],
    ['memory without a unit', { GAP_JOB_MEM: '100' }, '10004'],
    ['a missing queue', { GAP_QUEUE: 'debug' }, '815007'],
  ])('rejects %s', async (_name, changes, code) => {
    expect(await net.submit(changes)).toMatchObject({ status: 200, json: { code, data: null } })
  })

  it('accepts a node list instead of a count, and every optional field', async () => {
    const changes = { GAP_NNODE: '', GAP_NODE_STRING: 'n[1-2]', GAP_PPN: '2', GAP_NDCU: '1', GAP_JOB_MEM: '2GB' }
    expect((await net.submit({ ...changes, GAP_EXCLUSIVE: '1' })).json.code).toBe('0')
  })

  it('succeeds without an id and with an error message if configured', async () => {
    net.settings.submitWithoutId = true
    expect((await net.submit()).json).toEqual({ code: '0', msg: expect.stringContaining('sbatch: error'), data: '' })
    expect((await live()).data.total).toBe(0)
  })
})

describe('SCNet sandbox job', () => {
  it('is statQ, statR, statE, then statC', async () => {
    net.settings.exitingMs = 100
    const id = await run('sleep 5')
    const seen = []
    for (const step of [0, 200, 5000, 100]) {
      net.time.ms += step
      seen.push((await net.job(id)).jobStatus)
    }
    expect(seen).toEqual(['statQ', 'statR', 'statE', 'statC'])
  })

  it('contains its output paths, run time and time limit', async () => {
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

  it('is statC after a failure, which its reason, exit code and attributes contain', async () => {
    const id = await run('echo no >&2\nexit 3')
    net.time.ms += 1000
    const failed = await net.job(id)
    expect(failed).toMatchObject({ jobStatus: 'statC', reason: 'NonZeroExitCode', exitCode: '3' })
    expect(JSON.parse(failed.initContentAttr)).toMatchObject({ JobState: 'FAILED', ExitCode: '3:0' })
    net.settings.slurmExitCodes = true
    expect((await net.job(id)).exitCode).toBe('3:0')
  })

  it('fails with another observed state if configured', async () => {
    net.settings.failedJobState = 'statD'
    const id = await run('python train.py && false')
    net.time.ms += 1000
    expect(await net.job(id)).toMatchObject({ jobStatus: 'statD', exitCode: '1' })
  })

  it('ends as statT at its wall time', async () => {
    const id = await run('sleep 90; exit 3', { GAP_WALL_TIME: '00:01:00' })
    net.time.ms += minuteMs + 199
    expect((await net.job(id)).jobStatus).toBe('statR')
    net.time.ms += 1
    expect(await net.job(id)).toMatchObject({ jobStatus: 'statT', reason: 'TimeLimit', jobRunTime: '00:01:00' })
    expect((await net.file(`/public/home/acsandbox01/run/std.err.${id}`)).text).toContain('DUE TO TIME LIMIT')
  })
})

describe('SCNet sandbox cancel', () => {
  it('accepts a form in the body of a DELETE, for several waiting or running jobs', async () => {
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

  it('has no effect if the job ends first', async () => {
    const id = await run('true')
    net.time.ms += 500
    await net.cancel(mapOf(id))
    net.time.ms += 1000
    expect((await net.job(id)).jobStatus).toBe('statC')
  })

  it('of an ended or missing job succeeds with an error text, or is rejected when strict', async () => {
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
    ['without the final colon', () => mapOf('1').slice(0, -1), '10004'],
    ['with another scheduler', () => mapOf('1').replace(String(schedulerId), '7'), '10004'],
    ['with the portal user', () => `${schedulerId},${net.account.user}:1:`, '10009'],
    ['without content', () => '', '10003'],
  ])('rejects a map %s', async (_name, map, code) => {
    expect((await net.cancel(map())).json.code).toBe(code)
  })

  it('accepts a query unless strict, but never a JSON body', async () => {
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
