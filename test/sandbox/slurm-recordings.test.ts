import { describe, expect, it } from 'vitest'
import { recorded, recordedJob, recordings, versionOf } from '../providers/slurm/recorded.ts'
import { forEachTest } from '../support/for-each-test.ts'
import { startSlurm } from './slurm-sandbox.ts'

const slurm = forEachTest(startSlurm, ({ sandbox }) => sandbox.close())

const plain = {
  name: 'probe',
  environment: ['PATH=/bin'],
  current_working_directory: '/tmp',
  comment: '[sy:abcdefghijkl]',
}
/** The jobs with which the responses were recorded. */
const submits: Readonly<Record<string, object>> = {
  'submit-plain': {},
  'submit-env-object': { environment: { PATH: '/bin' } },
  'submit-no-environment': { environment: [] },
  'submit-unknown-field': { nonsense: 1 },
  'submit-nodes-number': { nodes: 1 },
  'submit-gres-old': { gres: 'gpu:1' },
  'submit-bad-partition': { partition: 'nope' },
  'submit-too-much-memory': { memory_per_node: { set: true, number: 99_999_999 } },
  'submit-over-limit': { time_limit: { set: true, number: 999_999 } },
  'submit-held': { hold: true },
}

interface Body {
  jobs?: Record<string, unknown>[]
  errors?: { error_number: number; error: string; source: string }[]
  warnings?: { description: string; source: string }[]
  status?: { error: object }[]
}

/** Field names and value types, which a record must share with the recorded one. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value))
    return value.length === 0 ? 'list' : typeof value[0] === 'object' ? value.map(shapeOf) : 'list'
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shapeOf(each)]))
}

const relevantParts = ({ errors = [], warnings = [], status }: Body) => ({
  errors: errors.map(({ error_number, error, source }) => ({ error_number, error, source })),
  // v0.0.40 of 24.11 does not quote the value.
  warnings: warnings.map(({ description, source }) => ({
    description: description.split(': {')[0]?.split(': 1')[0],
    source,
  })),
  status: status?.map(({ error }) => error),
})

describe.each(recordings)('Slurm sandbox as %s', (name) => {
  const version = versionOf(name)
  const recordedResponses = recorded(name)
  const start = () => {
    slurm.settings.release = name.slice(0, name.indexOf('-'))
    slurm.settings.versions = version
  }
  const call = (method: string, path: string, message = {}) => slurm.send(method, `/slurm/${version}${path}`, message)
  const submit = (job: object = {}, script = '#!/bin/sh\nsleep 1; exit 3\n') =>
    call('POST', '/job/submit', { body: JSON.stringify({ script, job: { ...plain, ...job } }) })
  const expectLike = ({ status, json, text }: { status: number; json: Body | null; text: string }, step: string) => {
    const expected = recordedResponses[step]
    expect(status).toBe(expected?.status)
    if (json === null) expect(text).toBe(expected?.body)
    else expect(relevantParts(json)).toEqual(relevantParts(expected?.body as Body))
  }

  it.each(Object.entries(submits))('returns the recorded response for %s', async (step, job) => {
    start()
    expectLike(await submit(job), step)
  })

  it('handles more nodes than exist like the recorded release', async () => {
    start()
    const { status, json } = await submit({ nodes: '9' })
    const is24 = name.startsWith('24')
    expect([status, relevantParts(json as Body).errors.map((each) => each.error_number)]).toEqual(
      is24 ? [500, [2014]] : [200, []],
    )
    expect((await call('GET', '/jobs')).json.jobs).toMatchObject([
      is24 ? { job_state: ['FAILED'], state_reason: 'BadConstraints' } : { job_state: ['PENDING'] },
    ])
  })

  it('returns the recorded responses for missing jobs and paths', async () => {
    start()
    expectLike(await call('GET', '/job/9999999'), 'get-unknown')
    expectLike(await call('DELETE', '/job/9999999'), 'cancel-unknown')
    expectLike(await call('DELETE', '/job/0'), 'cancel-zero')
    expectLike(await call('GET', '/nope'), 'unknown-path')
    expectLike(await call('GET', '/jobs', { headers: {} }), 'no-headers')
  })

  it('returns the recorded responses for an invalid token', async () => {
    start()
    const headers = { 'x-slurm-user-name': slurm.user, 'x-slurm-user-token': 'a.b.c' }
    expectLike(await call('GET', '/jobs', { headers }), 'bad-token')
    expectLike(await call('POST', '/job/submit', { headers, body: '{"job":{}}' }), 'bad-token-submit')
  })

  it.each([
    ['get-failed', '#!/bin/sh\nsleep 1; exit 3\n', {}, 30_000],
    ['get-self-kill', '#!/bin/sh\nkill -9 $$\n', {}, 30_000],
    ['get-running', '#!/bin/sh\nsleep 60\n', {}, 1000],
    ['get-bad-cwd', '#!/bin/sh\ntrue\n', { standard_output: '/nonexistent/x/out' }, 30_000],
    ['bad-constraints', '#!/bin/sh\ntrue\n', { memory_per_node: { set: true, number: 99_999_999 } }, 0],
  ])('returns a record like %s', async (step, script, job, afterMs) => {
    start()
    await submit(job, script)
    slurm.time.ms += afterMs
    const [seen = {}] = (await call('GET', '/job/1')).json.jobs
    const real = recordedJob(recordedResponses, step)
    const { job_state, state_reason, exit_code, comment } = seen
    expect({ job_state, state_reason, exit_code, comment }).toEqual({
      job_state: real.job_state,
      state_reason: real.state_reason,
      exit_code: real.exit_code,
      comment: real.comment,
    })
    const { step_id: _, ...seenFields } = seen
    expect(shapeOf(real)).toMatchObject(shapeOf(seenFields) as object)
    expect('step_id' in seen).toBe('step_id' in real)
  })

  it('returns the recorded responses for a cancel and its repetition', async () => {
    start()
    slurm.settings.completingMs = 1000
    await submit({}, '#!/bin/sh\nsleep 60\n')
    slurm.time.ms += 1000
    expectLike(await call('DELETE', '/job/1'), 'cancel')
    expect((await call('GET', '/job/1')).json.jobs[0]).toMatchObject({
      job_state: ['CANCELLED', 'COMPLETING'],
      exit_code: recordedJob(recordedResponses, 'get-after-cancel').exit_code as object,
    })
    slurm.time.ms += 2000
    expectLike(await call('DELETE', '/job/1'), 'cancel-again')
    const { exit_code } = recordedJob(recordedResponses, 'ended-by-cancel')
    expect((await call('GET', '/job/1')).json.jobs[0]).toMatchObject({ job_state: ['CANCELLED'], exit_code })
  })

  it('returns the recorded error codes without a controller', async () => {
    start()
    await submit()
    slurm.settings.isControllerDown = true
    const codes = async (method: string, path: string) => {
      const { status, json } = await call(method, path)
      return [status, (json as Body).errors?.[0]?.error_number]
    }
    expect(await codes('GET', '/ping')).toEqual([200, undefined])
    expect(await codes('GET', '/job/1')).toEqual([500, -1])
    expect(await codes('GET', '/jobs')).toEqual([502, 1800])
    expect(await codes('DELETE', '/job/1')).toEqual([name.startsWith('24') ? 500 : 403, 1])
  })
})
