import { describe, expect, it } from 'vitest'
import { checkSpec, withDefaults } from '../../../src/providers/field-rules.ts'
import type { JobSpec } from '../../../src/vocabulary/spec.ts'
import { failed, failureOf, jobIntent, ok, signal, useScnetStub } from './scnet-stub.ts'

const stub = useScnetStub()
const base = '/ai/openapi/v2/instance-service'
const create = `POST ${base}/task`
const detail = `GET ${base}/c1/detail`
const correlationTag = 's7k2m9qd4x'
const settings = { jobApi: 'container' }

const spec: JobSpec = {
  name: 'train',
  image: 'reg:5000/base/pytorch:2',
  command: ['python', 'train.py'],
  environmentVariables: { EPOCHS: '3' },
  workingDirectory: '/mnt/my data',
  queue: 'TeslaM40',
  resources: { cpus: 3, memoryMiB: 1024 },
  timeLimitSeconds: 7200,
}

const container = (status: string, more: object = {}) => ({
  id: 'c1',
  instanceServiceName: `train-sy${correlationTag}`,
  status,
  timeoutLimit: '02:00:00',
  startTime: '2025-12-01 20:00:00',
  endTime: '2025-12-01 20:30:00',
  ...more,
})

describe('SCNet container job', () => {
  it('runs its program as the start script of a container with a time limit', async () => {
    stub.server.on(create, ok('c1'))
    const driver = stub.job(settings)
    const full = withDefaults(driver.accepts, spec)
    expect(checkSpec({ provider: 'scnet', ...driver }, full)).toEqual([])
    expect(await driver.create(jobIntent(stub.clock, full, correlationTag), signal)).toEqual({ remoteId: 'c1' })
    const body = {
      instanceServiceName: `train-sy${correlationTag}`,
      description: '',
      taskType: 'ssh',
      acceleratorType: 'cpu',
      version: 'pytorch:2',
      imagePath: 'reg:5000/base/pytorch:2',
      timeoutLimit: '02:00:00',
      taskNumber: 1,
      resourceGroup: 'TeslaM40',
      useStartScript: true,
      startScriptActionScope: 'all',
      startScriptContent: "cd '/mnt/my data' || exit\nexport EPOCHS=3\npython train.py\n",
      cpuNumber: 3,
      ramSize: 1024,
      gpuNumber: 0,
    }
    expect(stub.calls()).toEqual([[create, JSON.stringify(body)]])
    expect(driver.plan(jobIntent(stub.clock, full, correlationTag)).body).toEqual(body)
  })

  it('declares neither logs nor output paths, and its required fields', () => {
    const driver = stub.job(settings)
    expect(driver).not.toHaveProperty('logs')
    expect(Object.keys(driver.accepts)).not.toContain('stdoutPath')
    expect(checkSpec({ provider: 'scnet', ...driver }, { name: 'x' }).map(({ pointer }) => pointer)).toEqual([
      '/image',
      '/queue',
      '/resources/cpus',
      '/resources/memoryMiB',
      '/timeLimitSeconds',
      '/command',
    ])
  })

  it('rejects the options of HPC jobs', () => {
    const withHpcOptions = { ...spec, providerOptions: { scnet: { nodeList: 'c1', processes: 2, exclusive: true } } }
    const problems = checkSpec({ provider: 'scnet', ...stub.job(settings) }, withHpcOptions)
    expect(problems.map(({ pointer }) => pointer)).toEqual([
      '/providerOptions/scnet/nodeList',
      '/providerOptions/scnet/processes',
      '/providerOptions/scnet/exclusive',
    ])
    expect(problems[0]?.detail).toContain('container')
  })

  it.each([
    ['Waiting', 'pending'],
    ['Deploying', 'pending'],
    ['Running', 'running'],
    ['Completed', 'succeeded'],
    ['Terminated', 'canceled'],
    ['Failed', 'failed'],
    ['Rebooting', null],
  ])('maps %s to %s without an exit code', async (status, jobStatus) => {
    stub.server.on(detail, ok(container(status)))
    const seen = await stub.job(settings).get('c1', signal)
    expect(seen).toMatchObject({ status: jobStatus, rawState: status, correlationTag })
    expect(seen).not.toHaveProperty('exitCode')
    if (status === 'Completed') expect(seen).toHaveProperty('message', expect.stringContaining('Inferred'))
  })

  it.each(['Completed', 'Terminated'])(
    'fails with time_limit if it is %s after its whole time limit',
    async (status) => {
      stub.server.on(detail, ok(container(status, { endTime: '2025-12-01 22:00:00' })))
      const seen = await stub.job(settings).get('c1', signal)
      expect(seen).toMatchObject({ status: 'failed', reason: 'time_limit', endedAt: new Date('2025-12-01T14:00:00Z') })
    },
  )

  it('is canceled by a stop, also after it ended', async () => {
    const stop = `POST ${base}/task/actions/stop?ids=c1`
    stub.server.once(stop, ok(null))
    const driver = stub.job(settings)
    await driver.controls.cancel?.('c1', signal)
    stub.server.on(stop, failed('716867', 'no'))
    stub.server.once(detail, ok(container('Completed')))
    await driver.controls.cancel?.('c1', signal)
    stub.server.once(detail, ok(container('Running')))
    expect(await failureOf(driver.controls.cancel?.('c1', signal) ?? Promise.resolve())).toMatchObject({
      code: 'conflict',
    })
  })

  it('is listed and found like any container', async () => {
    stub.server.on(`GET ${base}/task`, ok({ total: 1, list: [container('Running')] }))
    const driver = stub.job(settings)
    expect((await driver.list({ cursor: null, watched: [] }, signal)).seen).toHaveLength(1)
    const found = await driver.find(
      [jobIntent(stub.clock, spec, correlationTag), jobIntent(stub.clock, spec, 'b000000000')],
      signal,
    )
    expect(found.get(correlationTag)).toMatchObject({ found: [{ remoteId: 'c1' }] })
    expect(found.get('b000000000')).toEqual({ absent: true })
  })
})
