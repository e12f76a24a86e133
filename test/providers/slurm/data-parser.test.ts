import { describe, expect, it } from 'vitest'
import { correlationTag, failureOf, record, signal, startSlurmStubForEachTest } from './slurm-stub.ts'

const slurm = startSlurmStubForEachTest('v0.0.42')
const at = (method: string, path: string) => `${method} /slurm/v0.0.42${path}`
const answer = (rest: object, status = 200, errors: readonly object[] = []) => ({
  status,
  body: { ...rest, meta: {}, errors, warnings: [] },
})
const number = (value: number) => ({ set: true, infinite: false, number: value })
const shown = (more: object = {}) =>
  record({ job_state: ['RUNNING'], exit_code: {}, start_time: number(1795482674), end_time: number(0), ...more })

describe('a submit to Slurm from v0.0.40 on', () => {
  const sent = () => JSON.parse(String(slurm.stub.requests[0]?.body))

  it('is, byte for byte', async () => {
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

  it('carries every option in the words that Slurm takes', async () => {
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
    for (const old of ['gres', 'exclusive', 'no_requeue']) expect(sent().job).not.toHaveProperty(old)
  })

  it('reports no value of a secret that an ignored field had', async () => {
    const description = 'Expected OpenAPI type=array but got {"TOKEN":"ZXhhbXBsZUtleUZvclVuaXRUZXN0c09ubHkwMDAwMDE="}'
    const warnings = [{ description, source: '#/job/environment/' }]
    slurm.stub.once(at('POST', '/job/submit'), { status: 200, body: { job_id: 7, errors: [], warnings } })
    const { ignored } = await slurm.job().create(slurm.intent(), signal)
    expect(ignored?.[0]).toContain('Expected OpenAPI')
    expect(ignored?.[0]).not.toContain('ZXhhbXBsZUtleU')
  })
})

describe('a record of Slurm from v0.0.40 on', () => {
  const look = async (more: object) => {
    slurm.stub.once(at('GET', '/job/1'), answer({ jobs: [shown(more)] }))
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
  ])('in %j is %o', async (job_state, expected) => {
    expect(await look({ job_state })).toMatchObject(expected)
  })

  it('dates nothing by numbers that are not set', async () => {
    const seen = await look({ start_time: { set: false, infinite: false, number: 5 } })
    expect(seen).not.toHaveProperty('startedAt')
  })

  it.each([
    ['a task of an array', { array_job_id: number(1), array_task_id: number(3) }],
    ['a component of a heterogeneous job', { het_job_id: number(1) }],
    ["another user's", { user_name: 'bob' }],
  ])('that is %s is not ours, whatever its comment says', async (_name, more) => {
    expect(await look(more)).toBe('gone')
    slurm.stub.on(at('GET', '/jobs'), answer({ jobs: [shown(more)] }))
    const found = await slurm.job().find([slurm.intent()], signal)
    expect(found.get(correlationTag)).toEqual({ absent: true })
    expect(await slurm.job().list({ cursor: null, watched: [] }, signal)).toEqual({ seen: [], next: null })
  })
})

describe('a cancel by Slurm from v0.0.40 on', () => {
  const cancel = () => slurm.job().controls.cancel?.('1', signal) ?? Promise.reject(new Error('no cancel'))
  const notPermitted = (status: number) => answer({}, status, [{ error_number: 1, error: 'Operation not permitted' }])

  it.each([403, 500])('with HTTP %d and 1 may mean that the controller is down', async (status) => {
    slurm.stub.once(at('DELETE', '/job/1'), notPermitted(status))
    slurm.stub.once(at('GET', '/job/1'), answer({}, 500, [{ error_number: -1, error: 'Unspecified error' }]))
    expect(await failureOf(cancel())).toMatchObject({ code: 'unavailable' })
    slurm.stub.once(at('DELETE', '/job/1'), notPermitted(status))
    slurm.stub.once(at('GET', '/job/1'), answer({ jobs: [shown()] }))
    expect(await failureOf(cancel())).toMatchObject({ code: 'unavailable' })
  })

  it("with 1 means another user's job where the record says so", async () => {
    slurm.stub.once(at('DELETE', '/job/1'), notPermitted(403))
    slurm.stub.once(at('GET', '/job/1'), answer({ jobs: [shown({ user_name: 'bob' })] }))
    expect(await failureOf(cancel())).toMatchObject({ code: 'permission_denied' })
  })

  it('is not done if its status says so', async () => {
    const status = [{ error: { code: 2024, message: 'Job is pending execution' } }]
    slurm.stub.once(at('DELETE', '/job/1'), answer({ status }))
    expect(await failureOf(cancel())).toMatchObject({ code: 'conflict', providerCode: '2024' })
  })
})
