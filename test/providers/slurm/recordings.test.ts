import { describe, expect, it } from 'vitest'
import type { Json } from '../../../src/vocabulary/json.ts'
import { recorded, recordedJob, recordings, versionOf } from './recorded.ts'
import { failureOf, signal, startSlurmStubForEachTest } from './slurm-stub.ts'

const slurm = startSlurmStubForEachTest(null)

describe.each(recordings)('recorded responses of Slurm %s', (name) => {
  const version = versionOf(name)
  const answers = recorded(name)
  const job = () => {
    const { drivers } = slurm.open({ version, user: 'gwuser' })
    if (drivers.job === undefined) throw new Error('slurm has no jobs')
    return drivers.job
  }
  const at = (method: string, path: string) => `${method} /slurm/${version}${path}`
  const answerOf = (step: string) => {
    const answer = answers[step]
    if (answer === undefined) throw new Error(`${step} was not recorded`)
    return answer
  }
  const readJob = (step: string) => {
    const { job_id: id } = recordedJob(answers, step)
    slurm.stub.once(at('GET', `/job/${id}`), { status: 200, body: answerOf(step).body as Json })
    return job().get(String(id), signal)
  }

  it.each([
    ['get-failed', { status: 'failed', reason: 'nonzero_exit', exitCode: 3, rawState: 'FAILED' }],
    ['get-self-kill', { status: 'failed', reason: 'nonzero_exit', signal: 9 }],
    ['get-bad-cwd', { status: 'failed', reason: 'launch_failed', message: 'Slurm: JobLaunchFailure' }],
    ['get-running', { status: 'running', rawState: 'RUNNING' }],
    ['get-after-cancel', { status: 'running', rawState: 'COMPLETING' }],
    ['ended-by-cancel', { status: 'canceled', signal: 15 }],
    ['bad-constraints', { status: 'failed', reason: 'provider_refused' }],
  ])('%s returns the expected observation', async (step, expected) => {
    expect(await readJob(step)).toMatchObject({ correlationTag: 'abcdefghijkl', remoteName: 'probe', ...expected })
  })

  it.each(['get-bad-cwd', 'get-running', 'get-after-cancel', 'bad-constraints'])(
    '%s contains no exit code and no signal',
    async (step) => {
      const seen = await readJob(step)
      for (const field of ['exitCode', 'signal']) expect(seen).not.toHaveProperty(field)
    },
  )

  it('contains the output path, and an identity in v0.0.45 only', async () => {
    const seen = await readJob('get-failed')
    expect(seen).toMatchObject({ result: { stdoutPath: expect.stringMatching(/^\/tmp\/slurm-\d+\.out$/) } })
    if (version === 'v0.0.45') expect(seen).toMatchObject({ identity: 'sD05M8ES7Q8G00' })
    else expect(seen).not.toHaveProperty('identity')
  })

  it('contains no identity of a requeued job', async () => {
    const { job_id: id } = recordedJob(answers, 'get-failed')
    const body = answerOf('get-failed').body as { jobs: object[] }
    const requeued = body.jobs.map((each) => ({ ...each, restart_cnt: 1 }))
    slurm.stub.once(at('GET', `/job/${id}`), { status: 200, body: { ...body, jobs: requeued } as unknown as Json })
    expect(await job().get(String(id), signal)).not.toHaveProperty('identity')
  })

  it.each([
    ['submit-plain', undefined],
    ['submit-held', undefined],
    ['submit-over-limit', undefined],
    ['submit-unknown-field', /^Ignoring unknown field "nonsense"/],
    ['submit-gres-old', /^Ignoring unknown field "gres"/],
    // v0.0.40 still accepts it.
    ['submit-exclusive', version === 'v0.0.40' ? undefined : /^Ignoring unknown field "exclusive"/],
    ['submit-env-object', /^Expected OpenAPI type=array/],
    ['submit-nodes-number', /^Expected OpenAPI type=string/],
  ])('%s returns a job id and the ignored fields', async (step, expected) => {
    slurm.stub.once(at('POST', '/job/submit'), answerOf(step))
    const created = await job().create(slurm.intent(), signal)
    expect(created.remoteId).toMatch(/^\d+$/)
    expect(created.ignored?.[0]).toEqual(expected === undefined ? undefined : expect.stringMatching(expected))
  })

  it.each([
    ['submit-bad-partition', 'invalid_request', '2000'],
    ['submit-too-much-memory', 'conflict', '2014'],
    ['bad-token-submit', 'unauthenticated', '1007'],
    ['unknown-path', 'unsupported', 'unserved_path'],
    ['no-headers', 'unauthenticated', 'authentication_failure'],
  ])('%s is rejected with %s', async (step, code, providerCode) => {
    slurm.stub.once(at('POST', '/job/submit'), answerOf(step))
    expect(await failureOf(job().create(slurm.intent(), signal))).toMatchObject({ code, providerCode })
  })

  it('returns gone for 2017, and unauthenticated with its field for a rejected token', async () => {
    slurm.stub.once(at('GET', '/job/9'), answerOf('get-unknown'))
    expect(await job().get('9', signal)).toBe('gone')
    slurm.stub.once(at('GET', '/jobs'), answerOf('bad-token'))
    const error = await failureOf(job().list({ cursor: null, watched: [] }, signal))
    expect(error).toMatchObject({ code: 'unauthenticated', field: 'credentials.key' })
  })

  it.each(['cancel', 'cancel-again', 'cancel-unknown'])('%s succeeds', async (step) => {
    slurm.stub.once(at('DELETE', '/job/9'), answerOf(step))
    await job().controls.cancel?.('9', signal)
  })

  it('cancel-zero fails', async () => {
    slurm.stub.once(at('DELETE', '/job/9'), answerOf('cancel-zero'))
    const cancel = job().controls.cancel?.('9', signal) ?? Promise.resolve()
    expect(await failureOf(cancel)).toMatchObject({ code: 'invalid_request', providerCode: '9000' })
  })
})
