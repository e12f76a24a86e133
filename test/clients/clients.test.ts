import { afterAll, beforeAll, expect, it } from 'vitest'
import type { SandboxProviderId } from '../../src/sandbox/registry.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { describeReal } from '../real/requirements.ts'
import { python, runDriver } from './client-driver.ts'

const rejection = (code: string, status = 400) => expect.objectContaining({ status, code: `ModelArts.${code}` })

describeReal('official clients', python, () => {
  let sandbox: Sandbox
  beforeAll(async () => {
    sandbox = await startSandbox()
  })
  afterAll(() => sandbox.close())

  /** Runs a driver against a reset sandbox. */
  const runAgainst = (script: string, provider: SandboxProviderId) => {
    sandbox.reset()
    return runDriver(script, { url: sandbox.urls[provider], account: sandbox.accounts[provider] })
  }

  it('huaweicloudsdkmodelarts manages notebooks, training jobs and algorithms', async () => {
    expect(await runAgainst('modelarts_sdk.py', 'modelarts')).toEqual({
      notebooks: {
        create: { status: 'CREATING', lease: 'IDLE' },
        running: expect.stringContaining('https://'),
        ...{ list: ['sdk-notebook'], listAll: 1, renew: 'TIMING', lease: 3_600_000, update: 'changed' },
        ...{ stopped: true, started: 'IDLE', deleted: rejection('6404') },
        ...{ missingKeys: rejection('6335'), bucket: 'OBS', flavors: true, images: true },
      },
      trainingJobs: {
        create: { phase: 'Creating', tasks: ['worker-0', 'worker-1'] },
        ended: true,
        status: {
          exits: [
            ['worker-0', 3],
            ['worker-1', 3],
          ],
          ...{ isMilliseconds: true, isSeconds: true },
        },
        ...{ search: ['sdk-job'], log: true, tasks: ['worker-0', 'worker-1'], describe: 'changed' },
        events: { message: 'Training job failed.', level: 'Error', total: 8 },
        metrics: expect.objectContaining({ cpuUsage: [12.5], gpuUtil: [-1] }),
        ...{
          duplicate: rejection('2751'),
          terminated: true,
          stopAfterEnd: rejection('2796', 409),
          deleted: rejection('2775'),
        },
        ...{ flavors: 11, engines: 2 },
      },
      algorithms: {
        ...{ list: ['sdk-algorithm'], show: '/b/code/boot.py', job: { hasAlgorithm: true, name: 'sdk-algorithm' } },
        unknown: rejection('2755'),
      },
    })
  })

  it('otcextensions manages demanager instances and v1 jobs', async () => {
    expect(await runAgainst('otc_extensions.py', 'modelarts')).toEqual({
      instances: {
        create: { status: 'CREATING', storage: '/bucket/directory/' },
        ...{ running: true, show: { prompt: false, hasUrl: true }, list: [['otc-instance', null]] },
        duplicate: { status: 400, message: 'ModelArts.6301' },
        update: 'changed',
        deleteRunning: { status: 400, message: 'ModelArts.6304' },
        ...{ stop: 'RUNNING', stopped: true, start: 'STARTING', deleted: [] },
      },
      oldJobs: { create: { isSuccess: true, hasId: true }, list: ['otc-job'], deleted: [] },
    })
  })

  it('the OpenAPI client of slurmrestd manages jobs and lists partitions', async () => {
    expect(await runAgainst('slurm_openapi.py', 'slurm')).toEqual({
      jobs: {
        ...{ ping: 'UP', submit: { step: 'BATCH', errors: [] }, failed: true },
        show: { exit: 768, comment: 'a comment', isOrdered: true },
        ...{ running: true, list: ['ended', 'long'], canceled: true, unknown: { status: 500, error: 2017 } },
        partitions: ['debug', 'long'],
      },
    })
  })

  it('scnet-cli manages logins, batch jobs, files and containers', async () => {
    sandbox.changeSettings('scnet', { listForm: 'any', nextTokenForm: 'string' })
    expect(await runDriver('scnet_cli.py', { url: sandbox.urls.scnet, account: sandbox.accounts.scnet })).toEqual({
      access: {
        ...{ login: ['0', '11112', '11276'], state: 'token is valid', center: '华东一区【昆山】', renew: 3 },
        cluster: { user: 'acsandbox01', home: '/public/home/acsandbox01', scheduler: '1638523853' },
        queues: ['kshcnormal', 'kshctest', 'dcu'],
      },
      jobs: {
        ...{ submit: [true, true], ended: '3', list: ['long'], history: { state: 'statC', name: 'ended' } },
        ...{ historyDetail: 'ended', file: 'hello\n', cancel: true, canceled: true, unknown: '10004' },
      },
      containers: {
        ...{ running: true, list: ['cli'], hasUrl: true, stopped: true, restarted: true, deleted: '10004', groups: 4 },
      },
    })
  })
})
