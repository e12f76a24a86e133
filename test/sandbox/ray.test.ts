import { describe, expect, it } from 'vitest'
import { startSandbox } from '../../src/sandbox/server.ts'
import { forEachTest } from '../support/for-each-test.ts'

const ray = forEachTest(startRay, ({ sandbox }) => sandbox.close())

/** A sandbox of Ray only, with an adjustable clock. */
async function startRay() {
  const time = { ms: Date.parse('2026-01-05T00:00:00Z') }
  const sandbox = await startSandbox({ providers: ['ray'], clock: { now: () => time.ms } })
  const authorization = `Bearer ${sandbox.accounts.ray.token}`
  const call = async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = { authorization },
  ) => {
    const content = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }
    const response = await fetch(sandbox.urls.ray + path, { method, headers, ...content })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') === true
    return { status: response.status, text, json: isJson ? JSON.parse(text) : null }
  }
  const submit = (more: object = {}) => call('POST', '/api/jobs/', { entrypoint: 'true', submission_id: 'a', ...more })
  const job = async (id = 'a') => (await call('GET', `/api/jobs/${id}`)).json
  return { sandbox, settings: sandbox.settings.ray, time, call, submit, job }
}

describe('Ray sandbox', () => {
  it('runs a job through its states, with the fields of a real record', async () => {
    expect((await ray.submit({ metadata: { job_name: 'b' } })).json).toEqual({ job_id: 'a', submission_id: 'a' })
    const { time } = ray
    expect(await ray.job()).toEqual({
      type: 'SUBMISSION',
      job_id: null,
      submission_id: 'a',
      driver_info: null,
      status: 'PENDING',
      entrypoint: 'true',
      message: 'Job has not started yet.',
      error_type: null,
      start_time: time.ms,
      end_time: null,
      metadata: { job_name: 'b' },
      runtime_env: null,
      driver_agent_http_address: null,
      driver_node_id: null,
      driver_exit_code: null,
    })
    time.ms += 300
    expect(await ray.job()).toMatchObject({ status: 'RUNNING', end_time: null, driver_exit_code: null })
    time.ms += 10_000
    expect(await ray.job()).toMatchObject({
      status: 'SUCCEEDED',
      driver_exit_code: 0,
      message: 'Job finished successfully.',
    })
    expect((await ray.call('GET', '/api/jobs/a/logs')).json.logs).toContain('Running entrypoint for job a: true')
  })

  it.each([
    [{ entrypoint: 'exit 3' }, { error_type: 'JOB_ENTRYPOINT_COMMAND_ERROR', driver_exit_code: 3 }],
    [{ entrypoint: 'kill -9 $$' }, { error_type: 'JOB_ENTRYPOINT_COMMAND_ERROR', driver_exit_code: -9 }],
    [
      { runtime_env: { pip: ['no-such-package'] } },
      { error_type: 'RUNTIME_ENV_SETUP_FAILURE', driver_exit_code: null },
    ],
    [
      { runtime_env: { env_vars: { A: 1 } } },
      { error_type: 'JOB_SUPERVISOR_ACTOR_START_FAILURE', driver_exit_code: null },
    ],
    [{ entrypoint_num_gpus: 9 }, { error_type: 'JOB_SUPERVISOR_ACTOR_START_TIMEOUT', driver_exit_code: null }],
  ])('fails %o like Ray', async (request, expected) => {
    await ray.submit(request)
    ray.time.ms += 1_000_000
    expect(await ray.job()).toMatchObject({ status: 'FAILED', ...expected })
  })

  it('rejects an existing id with a traceback and HTTP 500 until the ended job is deleted', async () => {
    await ray.submit()
    const duplicate = await ray.submit()
    expect(duplicate.status).toBe(500)
    expect(duplicate.text).toMatch(
      /^Traceback [\s\S]*ValueError: Job with submission_id a already exists\. Please use a different/,
    )
    expect((await ray.call('DELETE', '/api/jobs/a')).text).toContain('non-terminal state PENDING')
    ray.time.ms += 10_000
    expect((await ray.call('DELETE', '/api/jobs/a')).json).toEqual({ deleted: true })
    expect((await ray.submit()).status).toBe(200)
  })

  it.each([['a/b'], ['x'.repeat(300)]])('keeps a record for an id that is not a valid file name: %s', async (id) => {
    expect((await ray.submit({ submission_id: id })).status).toBe(500)
    expect((await ray.call('GET', '/api/jobs/')).json).toMatchObject([{ submission_id: id, status: 'PENDING' }])
  })

  it('keeps a job without a process pending and does not stop it', async () => {
    ray.settings.failsHalfway = true
    expect((await ray.submit()).status).toBe(500)
    ray.time.ms += 1_000_000
    expect((await ray.call('POST', '/api/jobs/a/stop')).json).toEqual({ stopped: false })
    expect(await ray.job()).toMatchObject({ status: 'PENDING' })
  })

  it('stops a running job, and a waiting one at its start, but not one without resources', async () => {
    ray.settings.stopMs = 100
    await ray.submit({ entrypoint: 'sleep 600' })
    await ray.submit({ submission_id: 'b', entrypoint_num_gpus: 9 })
    for (const id of ['a', 'b'])
      expect((await ray.call('POST', `/api/jobs/${id}/stop`)).json).toEqual({ stopped: true })
    expect(await ray.job()).toMatchObject({ status: 'PENDING' })
    ray.time.ms += 250
    expect(await ray.job()).toMatchObject({ status: 'RUNNING' })
    ray.time.ms += 100
    expect(await ray.job()).toMatchObject({ status: 'STOPPED', message: 'Job was intentionally stopped.' })
    expect((await ray.call('POST', '/api/jobs/a/stop')).json).toEqual({ stopped: false })
    expect(await ray.job('b')).toMatchObject({ status: 'PENDING' })
  })

  it.each([
    ['an unknown field', { unknown: 1 }, "unexpected keyword argument 'unknown'"],
    ['no entrypoint', { entrypoint: undefined }, "missing 1 required positional argument: 'entrypoint'"],
    ['metadata that is not text', { metadata: { a: 1 } }, 'TypeError: metadata'],
    ['CPUs as text', { entrypoint_num_cpus: '1' }, 'entrypoint_num_cpus must be a number'],
  ])('rejects %s with HTTP 400', async (_name, request, message) => {
    const response = await ray.submit(request)
    expect(response.status).toBe(400)
    expect(response.text).toContain(message)
    expect((await ray.call('GET', '/api/jobs/')).json).toEqual([])
  })

  it('requires the token and distinguishes a missing from a wrong one', async () => {
    expect(await ray.call('GET', '/api/version', undefined, {})).toMatchObject({
      status: 401,
      text: 'Unauthorized: Missing authentication token',
    })
    const other = { authorization: 'Bearer another' }
    expect(await ray.call('GET', '/api/version', undefined, other)).toMatchObject({
      status: 403,
      text: 'Forbidden: Invalid authentication token',
    })
    ray.settings.requiresToken = false
    expect((await ray.call('GET', '/api/version', undefined, {})).json).toMatchObject({ ray_version: '2.60.0' })
  })

  it('rejects unknown jobs and invalid JSON', async () => {
    expect(await ray.call('GET', '/api/jobs/b')).toMatchObject({ status: 404, text: 'Job b does not exist' })
    expect((await ray.call('POST', '/api/jobs/', '{')).status).toBe(500)
  })

  it('returns its nodes', async () => {
    const { json } = await ray.call('GET', '/api/v0/nodes')
    expect(json.data.result.result).toMatchObject([{ is_head_node: true }, { resources_total: { GPU: 2 } }])
  })
})
