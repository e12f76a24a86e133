import { describe, expect, it } from 'vitest'
import {
  correlationTag,
  failureOf,
  id,
  missingJob,
  record,
  session,
  signal,
  startRayStubForEachTest,
  text,
  token,
  version,
} from './ray-stub.ts'

const ray = startRayStubForEachTest()

const one = `GET /api/jobs/${id}`
const stop = `POST /api/jobs/${id}/stop`
const logs = `GET /api/jobs/${id}/logs`
const readJob = async (more: object) => {
  ray.stub.once(one, { body: record(more) })
  const seen = await ray.job().get(id, signal)
  if (seen === 'gone') throw new Error('gone')
  return seen
}

describe('Ray job observation', () => {
  it('contains end, exit code, name and correlation tag, but no start time', async () => {
    const seen = await readJob({ status: 'SUCCEEDED', end_time: 1795861770734, driver_exit_code: 0 })
    expect(seen).toMatchObject({ remoteId: id, status: 'succeeded', exitCode: 0, remoteName: 'train', correlationTag })
    expect(seen.endedAt).toEqual(new Date(1795861770734))
    expect(seen).not.toHaveProperty('startedAt')
  })

  it.each([
    [
      { error_type: 'JOB_ENTRYPOINT_COMMAND_ERROR', driver_exit_code: 3 },
      { reason: 'nonzero_exit', exitCode: 3 },
    ],
    [
      { error_type: 'JOB_ENTRYPOINT_COMMAND_ERROR', driver_exit_code: -9 },
      { reason: 'nonzero_exit', signal: 9 },
    ],
    [{ error_type: 'RUNTIME_ENV_SETUP_FAILURE' }, { reason: 'launch_failed' }],
    [{ error_type: 'JOB_SUPERVISOR_ACTOR_START_TIMEOUT' }, { reason: 'launch_failed' }],
    [{ error_type: 'JOB_SUPERVISOR_ACTOR_DIED' }, { reason: 'node_failure' }],
  ])('maps the failure %o to its reason', async (more, expected) => {
    expect(await readJob({ status: 'FAILED', message: 'Job failed.', ...more })).toMatchObject({
      status: 'failed',
      ...expected,
    })
  })

  it('contains the summary of a failure without the output', async () => {
    const message = `Job entrypoint command failed with exit code 3, last available logs (truncated to 20,000 chars):\n${'x'.repeat(20_000)}`
    const seen = await readJob({ status: 'FAILED', message })
    expect(seen.message).toBe('Ray: Job entrypoint command failed with exit code 3')
    expect(JSON.stringify(seen.payload())).not.toContain('xxx')
  })

  it.each([
    [
      'Failed to start supervisor actor a: \'runtime_env is bad\'. Full traceback:\nTraceback (most recent call last):\n  File "a"\nTypeError: runtime_env is bad\n',
      "Ray: Failed to start supervisor actor a: 'runtime_env is bad'",
    ],
    [
      'Traceback (most recent call last):\n  File "a"\nOSError: [Errno 7] Argument list too long: \'/bin/sh\'\n',
      "Ray: OSError: [Errno 7] Argument list too long: '/bin/sh'",
    ],
    [
      'runtime_env setup failed: Failed to set up.\nIt failed.\nTraceback (most recent call last):\n  File "a"\nRuntimeError: No matching distribution\n',
      'Ray: runtime_env setup failed: Failed to set up. (RuntimeError: No matching distribution)',
    ],
  ])('contains the exception of the traceback (case %#)', async (message, exception) => {
    expect((await readJob({ status: 'FAILED', message })).message).toBe(exception)
  })

  it('contains variable names without their values', async () => {
    const secret = 's3cret-of-another-client'
    const seen = await readJob({
      status: 'FAILED',
      message: `runtime_env setup failed: ${secret}`,
      runtime_env: { env_vars: { TOKEN_OF_X: secret, B: secret }, working_dir: `https://u:${token}@h/a.zip` },
    })
    expect(seen.message).toMatch(/^Ray: runtime_env setup failed: /)
    const payload = JSON.stringify(seen.payload())
    expect(payload).toContain('"B"')
    for (const hidden of [secret, token]) expect(payload + seen.message).not.toContain(hidden)
  })

  it('explains why the job waits and how a cancel works', async () => {
    const { message } = await readJob({ status: 'PENDING', message: 'Job has not started yet.' })
    expect(message).toBe(
      'Ray: Job has not started yet. A cancel takes effect once the job has started, and is repeated until then.',
    )
  })

  it("is gone only by Ray's own 404", async () => {
    ray.stub.once(one, missingJob(id))
    expect(await ray.job().get(id, signal)).toBe('gone')
    ray.stub.once(one, text(404, '404: Not Found'))
    expect((await failureOf(ray.job().get(id, signal))).code).toBe('bad_response')
  })

  it('rejects a driver id, which would be a second id of the same job', async () => {
    ray.stub.once('GET /api/jobs/02000000', { body: record({ job_id: '02000000' }) })
    const error = await failureOf(ray.job().get('02000000', signal))
    expect(error.code).toBe('invalid_request')
    expect(error.message).toContain(id)
    ray.stub.once('GET /api/jobs/03000000', { body: record({ type: 'DRIVER', submission_id: null }) })
    expect((await failureOf(ray.job().get('03000000', signal))).code).toBe('invalid_request')
  })
})

describe('Ray job list', () => {
  it('contains submitted jobs only, not connected drivers', async () => {
    const driver = record({ type: 'DRIVER', submission_id: null, job_id: '01000000' })
    ray.stub.once('GET /api/jobs/', { body: [record(), driver, record({ submission_id: 'raysubmit_x' })] })
    const { seen } = await ray.job().list({ cursor: null, watched: [] }, signal)
    expect(seen).toMatchObject([
      { remoteId: id, correlationTag },
      { remoteId: 'raysubmit_x', correlationTag: null },
    ])
  })
})

describe('Ray job search', () => {
  const find = async (
    before: object | null = { sessionName: session },
    firstSentAt = new Date('2026-11-28T12:00:00Z'),
  ) => {
    const intent = { ...ray.intent(), before: before as never, firstSentAt }
    return (await ray.job().find([intent], signal)).get(correlationTag)
  }

  it('is one read, followed by a read of the session if the job is absent', async () => {
    ray.stub.once(one, { body: record() })
    expect(await find()).toMatchObject({ found: [{ remoteId: id }] })
    ray.stub.once(one, missingJob(id))
    ray.stub.once('GET /api/version', version())
    expect(await find()).toEqual({ absent: true })
    expect(ray.stub.requests.map(({ target }) => target).slice(1)).toEqual([`/api/jobs/${id}`, '/api/version'])
  })

  it('is inconclusive if the head restarted after the create', async () => {
    ray.stub.once(one, missingJob(id))
    ray.stub.once('GET /api/version', version('session_2026-11-28_11-00-00_1_1'))
    expect(await find()).toEqual({ inconclusive: expect.stringContaining('restarted') })
  })

  it.each([
    ['2026-11-29T12:00:00Z', { absent: true }],
    ['2026-11-28T22:00:00Z', { inconclusive: expect.any(String) }],
  ])('without a recorded session depends on the age of the current one: a create at %s', async (at, expected) => {
    ray.stub.once(one, missingJob(id))
    ray.stub.once('GET /api/version', version())
    expect(await find(null, new Date(at))).toEqual(expected)
  })

  it('records the session before a create', async () => {
    ray.stub.once('GET /api/version', version())
    expect(await ray.job().prepare?.(ray.intent().spec, null, signal)).toEqual({ sessionName: session })
  })
})

describe('Ray job cancel', () => {
  const cancel = () => ray.job().controls.cancel?.(id, signal) ?? Promise.reject(new Error('no cancel'))

  it('succeeds whether or not the job has started', async () => {
    ray.stub.once(stop, { body: { stopped: true } })
    await cancel()
    ray.stub.once(stop, missingJob(id))
    await cancel()
    ray.stub.once(stop, { body: { stopped: false } })
    ray.stub.once(one, { body: record({ status: 'FAILED', end_time: 1795861770734 }) })
    await cancel()
  })

  it('fails with conflict if the job has no process and has not ended', async () => {
    ray.stub.once(stop, { body: { stopped: false } })
    ray.stub.once(one, { body: record({ status: 'PENDING' }) })
    const error = await failureOf(cancel())
    expect(error.code).toBe('conflict')
    expect(error.message).toContain('The cancel is repeated')
  })

  it('fails for a response without a result', async () => {
    ray.stub.once(stop, { body: {} })
    expect((await failureOf(cancel())).code).toBe('bad_response')
  })
})

describe('Ray job log', () => {
  const read = (cursor: string | null) => ray.job().logs?.(id, cursor, signal)

  it('is read in parts', async () => {
    ray.stub.on(logs, { body: { logs: `${'a'.repeat(1_048_576)}end` } })
    const first = await read(null)
    expect(first?.next).toBe('1048576')
    expect(await read(first?.next ?? null)).toEqual({ text: 'end', links: [] })
    expect(await read('9999999')).toEqual({ text: '', links: [] })
  })

  it("contains the program's output without Ray's lines, wherever they occur", async () => {
    const preface = '2026-11-28 12:23:01,549\tINFO job_manager.py:581 -- Runtime env is setting up.\n'
    const note = `Running entrypoint for job ${id}: `
    const entrypoint = 'echo one\necho two\n'
    ray.stub.on(one, { body: record({ entrypoint }) })
    for (const text of [
      `${preface}one\n${note}${entrypoint}\ntwo\n`,
      `${preface}${note}${entrypoint}\none\ntwo\n`,
      `${preface}one\ntwo\n`,
    ]) {
      ray.stub.once(logs, { body: { logs: text } })
      expect(await read(null)).toEqual({ text: 'one\ntwo\n', links: [] })
    }
    ray.stub.once(logs, { body: { logs: `${note}of its own\n` } })
    expect(await read(null)).toEqual({ text: `${note}of its own\n`, links: [] })
  })

  it('fails with an instruction if it is too long', async () => {
    ray.stub.once(logs, { body: { logs: 'a'.repeat(3_100_000) } })
    expect((await failureOf(Promise.resolve(read(null)))).message).toContain(`ray job logs ${id}`)
  })
})
