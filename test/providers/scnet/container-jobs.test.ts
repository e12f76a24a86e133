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

describe('a job as a container', () => {
  it('runs its program as the start script of a container with an end', async () => {
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

  it('is honest about what it cannot tell', () => {
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

  it('refuses the options of HPC jobs', () => {
    const asked = { ...spec, providerOptions: { scnet: { nodeList: 'c1', processes: 2, exclusive: true } } }
    const problems = checkSpec({ provider: 'scnet', ...stub.job(settings) }, asked)
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
  ])('that is %s reads as %s, with no exit code', async (status, portable) => {
    stub.server.on(detail, ok(container(status)))
    const seen = await stub.job(settings).get('c1', signal)
    expect(seen).toMatchObject({ status: portable, rawState: status, correlationTag })
    expect(seen).not.toHaveProperty('exitCode')
    if (status === 'Completed') expect(seen).toHaveProperty('message', expect.stringContaining('Inferred'))
  })

  it.each(['Completed', 'Terminated'])('that is %s after as long as its limit is no success', async (status) => {
    stub.server.on(detail, ok(container(status, { endTime: '2025-12-01 22:00:00' })))
    const seen = await stub.job(settings).get('c1', signal)
    expect(seen).toMatchObject({ status: 'failed', reason: 'time_limit', endedAt: new Date('2025-12-01T14:00:00Z') })
  })

  it('is canceled by a stop, also when it has ended', async () => {
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

  it('is listed and found like every container', async () => {
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
