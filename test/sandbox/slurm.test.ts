import { describe, expect, it } from 'vitest'
import { forEachTest } from '../support/for-each-test.ts'
import { type SlurmReply, startSlurm, tokenOf } from './slurm-sandbox.ts'

const slurm = forEachTest(startSlurm, ({ sandbox }) => sandbox.close())

const codes = ({ json }: SlurmReply) =>
  json.errors.map((each: { error_code?: number; error_number?: number }) => each.error_code ?? each.error_number)

describe('Slurm sandbox', () => {
  it('runs a job through its states with times', async () => {
    const { json } = await slurm.submit({ comment: 'mine', time_limit: 2 })
    expect(json).toMatchObject({ errors: [], job_id: 1, step_id: 'BATCH' })
    const submittedAt = slurm.time.ms / 1000
    expect(await slurm.job(1)).toMatchObject({ job_state: 'PENDING', comment: 'mine', nodes: '', time_limit: 2 })
    slurm.time.ms += 300
    expect(await slurm.job(1)).toMatchObject({ job_state: 'RUNNING', nodes: 'node1', end_time: submittedAt + 120 })
    slurm.time.ms += 10_000
    expect(await slurm.job(1)).toMatchObject({ job_state: 'COMPLETED', exit_code: 0, state_reason: 'None' })
  })

  it.each([
    ['#!/bin/sh\nexit 3', { job_state: 'FAILED', state_reason: 'NonZeroExitCode', exit_code: 768 }],
    ['#!/bin/sh\nkill -9 $$', { job_state: 'FAILED', state_reason: 'JobLaunchFailure', exit_code: 9 }],
    ['#!/bin/sh\nsleep 600', { job_state: 'TIMEOUT', state_reason: 'TimeLimit', exit_code: 15 }],
    ['echo no interpreter', { job_state: 'FAILED', state_reason: 'NonZeroExitCode', exit_code: 2048 }],
  ])('ends %j like Slurm', async (script, expected) => {
    await slurm.submit({ time_limit: 1 }, script)
    slurm.time.ms += 100_000
    expect(await slurm.job(1)).toMatchObject(expected)
  })

  it.each([
    [{}, true],
    [{ requeue: true }, true],
    [{ requeue: false }, true],
    [{ no_requeue: true }, false],
    [{ no_requeue: false }, false],
    [{ requeue: true, no_requeue: true }, false],
  ])('tests flags for presence: %j', async (job, requeue) => {
    await slurm.submit(job)
    expect(await slurm.job(1)).toMatchObject({ requeue })
  })

  it('ignores the priority of an ordinary user', async () => {
    await slurm.submit()
    await slurm.submit({ priority: '5' })
    expect((await slurm.job(2)).priority).toBe((await slurm.job(1)).priority)
  })

  it('returns a job requeued after its end as pending, without nodes', async () => {
    await slurm.submit({}, '#!/bin/sh\nexit 3')
    slurm.time.ms += 10_000
    slurm.sandbox.force('slurm', '1', { state: 'PENDING' })
    expect(await slurm.job(1)).toMatchObject({
      job_state: 'PENDING',
      state_reason: 'NonZeroExitCode',
      nodes: '',
      restart_cnt: 1,
    })
  })

  it.each([
    ['a missing partition', { partition: 'nope' }, 500, [2000]],
    ['an unknown field', { wat: 1 }, 400, [0, 9001]],
    ['no environment', { environment: {} }, 400, [2127, 9001]],
    ['a list of one node count', { nodes: [2] }, 400, [-1, 9001]],
    ['a boolean for exclusive', { exclusive: true }, 400, [-1, 9001]],
    ['a number for a time', { begin_time: 1_999_999_999 }, 400, [2054, 9001]],
    ['a missing feature', { constraints: 'ib' }, 500, [2029]],
    ['a negative nice of an ordinary user', { nice: -5 }, 500, [2123]],
  ])('rejects %s without a record', async (_name, job, status, errors) => {
    const reply = await slurm.submit(job)
    expect({ status: reply.status, codes: codes(reply) }).toEqual({ status, codes: errors })
    expect(reply.json).not.toHaveProperty('job_id')
    expect((await slurm.call('GET', '/jobs')).json.jobs).toEqual([])
  })

  it.each([{ gres: 'gpu:9' }, { gres: 'gpu:a100:1' }, { gpus_per_node: 't4:3' }, { memory_per_node: 99_999 }])(
    'rejects %o with a record',
    async (job) => {
      const reply = await slurm.submit({ ...job, comment: 'impossible' })
      expect({ status: reply.status, codes: codes(reply) }).toEqual({ status: 500, codes: [2014] })
      expect((await slurm.call('GET', '/jobs')).json.jobs).toMatchObject([
        { comment: 'impossible', job_state: 'FAILED', state_reason: 'BadConstraints', exit_code: 1, nodes: '' },
      ])
    },
  )

  it.each([
    [{ hold: true }, 2042, 'JobHeldUser'],
    [{ time_limit: 600 }, 2015, 'PartitionTimeLimit'],
    [{ nodes: 9 }, 2015, 'PartitionNodeLimit'],
    [{ cpus_per_task: 99 }, 2015, 'PartitionConfig'],
  ])('accepts %o with an error and an id, and keeps the job pending', async (job, code, reason) => {
    const reply = await slurm.submit(job)
    expect({ status: reply.status, codes: codes(reply), id: reply.json.job_id }).toEqual({
      status: 200,
      codes: [code],
      id: 1,
    })
    slurm.time.ms += 3_600_000
    expect(await slurm.job(1)).toMatchObject({ job_state: 'PENDING', state_reason: reason })
  })

  it('accepts and ignores a list of two node counts', async () => {
    await slurm.submit({ nodes: [9, 9] })
    expect(await slurm.job(1)).toMatchObject({ node_count: 1 })
  })

  it('drops a job five minutes after its end', async () => {
    await slurm.submit()
    slurm.time.ms += 290_000
    expect(await slurm.job(1)).toMatchObject({ job_state: 'COMPLETED' })
    slurm.time.ms += 20_000
    const reply = await slurm.call('GET', '/job/1')
    expect({ status: reply.status, codes: codes(reply) }).toEqual({ status: 500, codes: [2017] })
    expect((await slurm.call('GET', '/jobs')).json.jobs).toEqual([])
  })

  it('kills waiting and running jobs and leaves ended ones unchanged', async () => {
    await slurm.submit({ hold: true })
    await slurm.submit({}, '#!/bin/sh\nsleep 60')
    slurm.time.ms += 1000
    expect((await slurm.call('DELETE', '/job/1?signal=SIGTERM')).status).toBe(500)
    for (const id of [1, 2]) expect((await slurm.call('DELETE', `/job/${id}`)).status).toBe(200)
    expect(await slurm.job(1)).toMatchObject({ job_state: 'CANCELLED', nodes: '', exit_code: 0 })
    expect(await slurm.job(2)).toMatchObject({ job_state: 'CANCELLED', nodes: 'node1', exit_code: 15 })
    expect((await slurm.call('DELETE', '/job/2')).status).toBe(200)
    expect(codes(await slurm.call('DELETE', '/job/0'))).toEqual([2017])
  })

  it("returns another user's jobs and rejects their cancel", async () => {
    await slurm.submit({ hold: true })
    const headers = slurm.as(slurm.other)
    expect((await slurm.call('GET', '/jobs', { headers })).json.jobs).toMatchObject([{ user_name: slurm.user }])
    expect(codes(await slurm.call('DELETE', '/job/1', { headers }))).toEqual([2002])
  })
})

describe('Slurm sandbox token', () => {
  it('is not verified by slurmrestd, which only requires both headers', async () => {
    const reply = await slurm.call('GET', '/jobs', { headers: {} })
    expect(reply).toMatchObject({ status: 401, text: 'Authentication failure' })
    const headers = { 'x-slurm-user-name': slurm.user, 'x-slurm-user-token': 'x' }
    const { status, json } = await slurm.send('GET', '/openapi/v3', { headers })
    expect(status).toBe(200)
    expect(Object.keys(json.paths)).toContain('/slurm/v0.0.38/job/submit')
  })

  it.each([
    ['expired', { exp: 1 }],
    ['of another user', { sun: 'mallory' }],
    ['without an expiry', { exp: undefined }],
  ])('fails a read with -1 and other calls with 5005 if it is %s', async (_name, claims) => {
    const headers = { 'x-slurm-user-name': slurm.user, 'x-slurm-user-token': slurm.token(claims) }
    expect(codes(await slurm.call('GET', '/jobs', { headers }))).toEqual([-1])
    expect(codes(await slurm.call('DELETE', '/job/0', { headers }))).toEqual([5005])
  })

  it('fails with -1 if it is signed with another key', async () => {
    const other = Buffer.alloc(32, 1).toString('base64')
    const token = tokenOf(other, { exp: slurm.time.ms / 1000 + 60, sun: slurm.user })
    const headers = { 'x-slurm-user-name': slurm.user, 'x-slurm-user-token': token }
    expect(codes(await slurm.call('GET', '/job/1', { headers }))).toEqual([-1])
  })
})

it('the Slurm sandbox returns its own errors while the controller is down', async () => {
  slurm.settings.isControllerDown = true
  expect(codes(await slurm.submit())).toEqual([1800])
  expect(codes(await slurm.call('GET', '/job/1'))).toEqual([-1])
  expect(codes(await slurm.call('DELETE', '/job/1'))).toEqual([1800])
  expect(slurm.sandbox.objects('slurm')).toEqual([])
})

it('the Slurm sandbox returns 404 in plain text for a version that is not loaded', async () => {
  slurm.settings.versions = 'v0.0.40'
  expect(await slurm.call('GET', '/jobs')).toMatchObject({ status: 404, json: null })
  const { json } = await slurm.send('GET', '/openapi/v3')
  expect(Object.keys(json.paths)[0]).toContain('v0.0.40')
})
