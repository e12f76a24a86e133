import { describe, expect, it } from 'vitest'
import { correlationTag, failureOf, record, signal, startSlurmStubForEachTest } from './slurm-stub.ts'

const slurm = startSlurmStubForEachTest('v0.0.42')
const at = (method: string, path: string) => `${method} /slurm/v0.0.42${path}`
const answer = (rest: object, status = 200, errors: readonly object[] = []) => ({
  status,
  body: { ...rest, meta: {}, errors, warnings: [] },
})
const number = (value: number) => ({ set: true, infinite: false, number: value })
const jobRecord = (more: object = {}) =>
  record({ job_state: ['RUNNING'], exit_code: {}, start_time: number(1795482674), end_time: number(0), ...more })

describe('Slurm submit from v0.0.40', () => {
  const sent = () => JSON.parse(String(slurm.stub.requests[0]?.body))

  it('is sent byte for byte', async () => {
    slurm.stub.once(at('POST', '/job/submit'), answer({ job_id: 7 }))
    const intent = slurm.intent({
      environmentVariables: { EPOCHS: '10' },
      queue: 'gpu',
      resources: { cpus: 4, memoryMiB: 8192, accelerator: { kind: 'gpu', model: 't4', count: 2 }, nodes: 2 },
      timeLimitSeconds: 61,
      stdoutPath: 'out-%j.txt',
    })
    expect(await slurm.job().create(intent, signal)).toEqual({ remoteId: '7' })
    expect(slurm.stub.requests[0]?.body).toBe(
      '{"script":"#!/bin/sh\\npython train.py","job":{"name":"train","comment":"[sy:mabc23456789]","partition":"gpu","nodes":"2","tasks":2,"cpus_per_task":4,"memory_per_node":{"set":true,"infinite":false,"number":8192},"tres_per_node":"gres/gpu:t4:2","time_limit":{"set":true,"infinite":false,"number":2},"current_working_directory":"/home/alice","standard_output":"out-%j.txt","environment":["PATH=/usr/local/bin:/usr/bin:/bin","EPOCHS=10"]}}',
    )
    expect(slurm.job().plan(intent).body).toEqual(sent())
  })

  it("contains every option in Slurm's terms", async () => {
    slurm.stub.once(at('POST', '/job/submit'), answer({ job_id: 7 }))
    const options = { gres: 'lustre:1, gres:disk:2', exclusive: true, requeue: false, priority: 5, nice: 10 }
    const resources = { accelerator: { kind: 'dcu' as const, count: 1 } }
    await slurm.job().create(slurm.intent({ resources, providerOptions: { slurm: options } }), signal)
    expect(sent().job).toMatchObject({
      tres_per_node: 'gres/dcu:1,gres/lustre:1,gres/disk:2',
      shared: ['none'],
      requeue: false,
      priority: number(5),
      nice: 10,
    })
    for (const oldName of ['gres', 'exclusive', 'no_requeue']) expect(sent().job).not.toHaveProperty(oldName)
  })

  it('redacts secret values in the warnings about ignored fields', async () => {
    const description = 'Expected OpenAPI type=array but got {"TOKEN":"ZXhhbXBsZUtleUZvclVuaXRUZXN0c09ubHkwMDAwMDE="}'
    const warnings = [{ description, source: '#/job/environment/' }]
    slurm.stub.once(at('POST', '/job/submit'), { status: 200, body: { job_id: 7, errors: [], warnings } })
    const { ignored } = await slurm.job().create(slurm.intent(), signal)
    expect(ignored?.[0]).toContain('Expected OpenAPI')
    expect(ignored?.[0]).not.toContain('ZXhhbXBsZUtleU')
  })
})

describe('Slurm job record from v0.0.40', () => {
  const readJob = async (more: object) => {
    slurm.stub.once(at('GET', '/job/1'), answer({ jobs: [jobRecord(more)] }))
    return slurm.job().get('1', signal)
  }

  it.each([
    [['CANCELLED', 'COMPLETING'], { status: 'running', rawState: 'COMPLETING' }],
    [['RUNNING', 'CONFIGURING', 'POWER_UP_NODE'], { status: 'pending', rawState: 'CONFIGURING' }],
    [['PENDING', 'REQUEUED'], { status: 'pending', rawState: 'REQUEUED', reason: 'requeued' }],
    [['PENDING', 'LAUNCH_FAILED'], { status: 'pending', rawState: 'LAUNCH_FAILED', reason: 'launch_failed' }],
    [['RUNNING', 'EXPEDITING'], { status: 'running', rawState: 'EXPEDITING' }],
    [['COMPLETED', 'HIBERNATING'], { status: null, rawState: 'HIBERNATING' }],
    [['CANCELLED', 'HIBERNATING', 'COMPLETING'], { status: null, rawState: 'HIBERNATING' }],
  ])('maps %j to %o', async (job_state, expected) => {
    expect(await readJob({ job_state })).toMatchObject(expected)
  })

  it('has no start time if the number is not set', async () => {
    const seen = await readJob({ start_time: { set: false, infinite: false, number: 5 } })
    expect(seen).not.toHaveProperty('startedAt')
  })

  it.each([
    ['a task of an array', { array_job_id: number(1), array_task_id: number(3) }, 'part of a job array'],
    ['a component of a heterogeneous job', { het_job_id: number(1) }, 'of a heterogeneous job'],
    ["another user's job", { user_name: 'bob' }, 'belongs to bob'],
  ])('does not belong to Switchyard if it is %s, and says so to an import', async (_name, more, reason) => {
    expect(await readJob(more)).toBe('gone')
    slurm.stub.once(at('GET', '/job/1'), answer({ jobs: [jobRecord(more)] }))
    expect(await slurm.job().whyGone?.('1', signal)).toContain(reason)
    slurm.stub.on(at('GET', '/jobs'), answer({ jobs: [jobRecord(more)] }))
    const found = await slurm.job().find([slurm.intent()], signal)
    expect(found.get(correlationTag)).toEqual({ absent: true })
    expect(await slurm.job().list({ cursor: null, watched: [] }, signal)).toEqual({ seen: [], next: null })
  })
})

describe('Slurm cancel from v0.0.40', () => {
  const cancel = () => slurm.job().controls.cancel?.('1', signal) ?? Promise.reject(new Error('no cancel'))
  const notPermitted = (status: number) => answer({}, status, [{ error_number: 1, error: 'Operation not permitted' }])

  it.each([403, 500])(
    'reports unavailable for error 1 with HTTP %d, whether or not the record can be read',
    async (status) => {
      slurm.stub.once(at('DELETE', '/job/1'), notPermitted(status))
      slurm.stub.once(at('GET', '/job/1'), answer({}, 500, [{ error_number: -1, error: 'Unspecified error' }]))
      expect(await failureOf(cancel())).toMatchObject({ code: 'unavailable' })
      slurm.stub.once(at('DELETE', '/job/1'), notPermitted(status))
      slurm.stub.once(at('GET', '/job/1'), answer({ jobs: [jobRecord()] }))
      expect(await failureOf(cancel())).toMatchObject({ code: 'unavailable' })
    },
  )

  it('reports permission_denied for error 1 if the record belongs to another user', async () => {
    slurm.stub.once(at('DELETE', '/job/1'), notPermitted(403))
    slurm.stub.once(at('GET', '/job/1'), answer({ jobs: [jobRecord({ user_name: 'bob' })] }))
    expect(await failureOf(cancel())).toMatchObject({ code: 'permission_denied' })
  })

  it('fails if its status contains an error', async () => {
    const status = [{ error: { code: 2024, message: 'Job is pending execution' } }]
    slurm.stub.once(at('DELETE', '/job/1'), answer({ status }))
    expect(await failureOf(cancel())).toMatchObject({ code: 'conflict', providerCode: '2024' })
  })
})
