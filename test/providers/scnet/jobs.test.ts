import { describe, expect, it } from 'vitest'
import { checkSpec, withDefaults } from '../../../src/providers/field-rules.ts'
import type { JobSpec } from '../../../src/vocabulary/spec.ts'
import { spec } from './job-samples.ts'
import { failed, failureOf, jobIntent, ok, signal, useScnetStub } from './scnet-stub.ts'

const stub = useScnetStub()
const hpc = '/hpc/openapi/v2'
const submit = `POST ${hpc}/apptemplates/BASIC/BASE/job`
const live = (start = 0) => `GET ${hpc}/jobs?strClusterIDList=1638523853&start=${start}&limit=100`
const correlationTag = 's7k2m9qd4xw1'

const sentBody = {
  strJobManagerID: '1638523853',
  mapAppJobInfo: {
    GAP_CMD_FILE: "export EPOCHS=3\npython train.py --note 'it'\\''s'",
    GAP_NNODE: '2',
    GAP_NODE_STRING: '',
    GAP_SUBMIT_TYPE: 'cmd',
    GAP_JOB_NAME: correlationTag,
    GAP_WORK_DIR: '/public/home/bob_hpc/run',
    GAP_QUEUE: 'debug',
    GAP_NPROC: '',
    GAP_PPN: '4',
    GAP_NGPU: '',
    GAP_NDCU: '1',
    GAP_JOB_MEM: '8192MB',
    GAP_WALL_TIME: '100:00:00',
    GAP_EXCLUSIVE: '',
    GAP_APPNAME: 'BASE',
    GAP_MULTI_SUB: '',
    GAP_STD_OUT_FILE: '/public/home/bob_hpc/run/std.out.%j',
    GAP_STD_ERR_FILE: '/public/home/bob_hpc/run/std.err.%j',
  },
}

describe('SCNet submit', () => {
  it('sends strings only, the correlation tag as name, and empty values for exclusive fields', async () => {
    stub.server.on(submit, ok('63436'))
    expect(await stub.job().create(jobIntent(stub.clock, spec, correlationTag), signal)).toEqual({ remoteId: '63436' })
    expect(stub.calls()).toEqual([[submit, JSON.stringify(sentBody)]])
  })

  it('keeps every digit of ids beyond double precision', async () => {
    for (const id of ['9007199254740993', '12345678901234567890']) {
      const at = (path: string) => `GET ${hpc}/jobs/${id}${path}`
      stub.server.on(submit, { body: `{"code":0,"msg":"success","data":${id}}` })
      stub.server.on(at('?strJobManagerID=1638523853'), {
        body: `{"code":"0","data":{"jobId":${id},"jobName":"${correlationTag}","jobStatus":"statR"}}`,
      })
      stub.server.on(live(), { body: `{"code":"0","data":{"list":[{"jobId":${id},"jobStatus":"statR"}],"total":1}}` })
      const driver = stub.job()
      expect(await driver.create(jobIntent(stub.clock, spec, correlationTag), signal)).toEqual({ remoteId: id })
      expect(await driver.get(id, signal)).toMatchObject({ remoteId: id, status: 'running', correlationTag })
      expect((await driver.list({ cursor: null, watched: [] }, signal)).seen).toMatchObject([{ remoteId: id }])
    }
  })

  it('equals its plan if the connection configures the discovered values', () => {
    const settings = { schedulerId: '1638523853', hpcUrl: `${stub.server.url}/hpc` }
    expect(stub.job(settings).plan(jobIntent(stub.clock, spec, correlationTag))).toEqual({
      method: 'POST',
      target: `${hpc}/apptemplates/BASIC/BASE/job`,
      headers: { 'content-type': 'application/json' },
      body: sentBody,
    })
  })

  it('uses the home directory of the cluster user and the defaults of the connection', async () => {
    stub.server.on(submit, ok(63436))
    const driver = stub.job({ defaultQueue: 'debug2', defaultWallTimeSeconds: 3600 })
    const options = { scnet: { nodeList: 'c[1-2]', processes: 64, exclusive: true } }
    const requested: JobSpec = {
      name: 'x',
      script: 'sleep 5\n',
      stdoutPath: 'log',
      stderrPath: '/tmp/e',
      providerOptions: options,
    }
    const full = withDefaults(driver.accepts, requested)
    expect(checkSpec({ provider: 'scnet', ...driver }, full)).toEqual([])
    expect(await driver.create(jobIntent(stub.clock, full, correlationTag), signal)).toEqual({ remoteId: '63436' })
    expect(JSON.parse(stub.calls()[0]?.[1] ?? '').mapAppJobInfo).toMatchObject({
      GAP_CMD_FILE: 'sleep 5\n',
      GAP_NNODE: '',
      GAP_NODE_STRING: 'c[1-2]',
      GAP_NPROC: '64',
      GAP_PPN: '',
      GAP_EXCLUSIVE: '1',
      GAP_WORK_DIR: '/public/home/bob_hpc',
      GAP_QUEUE: 'debug2',
      GAP_WALL_TIME: '01:00:00',
      GAP_STD_OUT_FILE: '/public/home/bob_hpc/log',
      GAP_STD_ERR_FILE: '/tmp/e',
    })
  })

  it.each([[''], [null], ['sbatch: error: QOSMinGRES'], [{}]])(
    'fails with conflict for code 0 with the id %j',
    async (data) => {
      stub.server.on(submit, { body: { code: '0', msg: 'QOSMinGRES min tres', data } })
      const error = await failureOf(stub.job().create(jobIntent(stub.clock, spec, correlationTag), signal))
      // Recovery runs first; the error is final if it finds nothing.
      expect(error).toMatchObject({ code: 'conflict', notSent: false })
      expect(error.message).toContain('QOSMinGRES min tres')
    },
  )

  it.each([
    ['815007', 'invalid_request'],
    ['815005', 'timeout'],
    ['10003', 'invalid_request'],
    ['10001', 'internal'],
  ])('maps error %s to %s', async (code, providerErrorCode) => {
    stub.server.on(submit, failed(code, 'no'))
    expect(await failureOf(stub.job().create(jobIntent(stub.clock, spec, correlationTag), signal))).toMatchObject({
      code: providerErrorCode,
      providerCode: code,
    })
  })

  it('is not sent if the scheduler cannot be discovered', async () => {
    stub.server.on('GET /hpc/openapi/v2/cluster', { isReset: true })
    const error = await failureOf(stub.job().create(jobIntent(stub.clock, spec, correlationTag), signal))
    expect(error).toMatchObject({ code: 'unavailable', notSent: true })
  })
})

describe('SCNet job spec', () => {
  const problems = (requested: JobSpec) => {
    const driver = stub.job()
    return checkSpec({ provider: 'scnet', ...driver }, withDefaults(driver.accepts, requested)).map(
      ({ pointer }) => pointer,
    )
  }

  it('requires a program, a queue and a time limit', () => {
    expect(problems({ name: 'x' })).toEqual(['/queue', '/timeLimitSeconds', '/command'])
  })

  it('rejects images, mounts and mutually exclusive options', () => {
    const providerOptions = { scnet: { nodeList: 'c1', processes: 2 } }
    expect(problems({ ...spec, image: 'x', mounts: [{ source: 'a', path: 'b' }], providerOptions })).toEqual([
      '/image',
      '/mounts',
      '/providerOptions/scnet/nodeList',
      '/providerOptions/scnet/processes',
    ])
  })

  it('rejects the options of container jobs', () => {
    const providerOptions = { scnet: { version: 'x:1', interface: 'ssh', startScriptScope: 'all' } }
    expect(problems({ ...spec, providerOptions })).toEqual([
      '/providerOptions/scnet/version',
      '/providerOptions/scnet/interface',
      '/providerOptions/scnet/startScriptScope',
    ])
  })
})

it.each(['063436', '0', ' 63436', '63436a'])('SCNet rejects an ambiguous job id without a request: %s', async (id) => {
  expect(await failureOf(stub.job().get(id, signal))).toMatchObject({ code: 'invalid_request', notSent: true })
  expect(await failureOf(stub.job().controls.cancel?.(id, signal) ?? Promise.resolve())).toMatchObject({
    code: 'invalid_request',
  })
  expect(stub.calls()).toEqual([])
})
