import { describe, expect, it } from 'vitest'
import { failureOf, signal, startSlurmStubForEachTest } from './slurm-stub.ts'

const slurm = startSlurmStubForEachTest(null)

const serves = (...versions: string[]) => {
  const paths = Object.fromEntries(versions.map((version) => [`/slurm/${version}/job/submit`, {}]))
  slurm.stub.once('GET /openapi/v3', { body: { openapi: '3.0.3', info: {}, paths } })
}
const empty = { body: { jobs: [], errors: [], warnings: [] } }
const unserved = { status: 404, body: "Unable to find requested URL endpoint. Please query the '/openapi/v3' endpoint" }
const opened = (version?: string) => slurm.open({}, undefined, version === undefined ? undefined : { version })
const list = (open = opened()) => open.drivers.job?.list({ cursor: null, watched: [] }, signal)

describe('Slurm API version', () => {
  it('is the newest one that both sides support, read once', async () => {
    serves('v0.0.39', 'v0.0.42', 'v0.0.41', 'v0.0.99')
    slurm.stub.on('GET /slurm/v0.0.42/jobs', empty)
    const open = opened()
    await Promise.all([list(open), list(open)])
    expect(slurm.stub.requests.filter(({ target }) => target === '/openapi/v3')).toHaveLength(1)
  })

  it('is the stored one, without a request', async () => {
    slurm.stub.once('GET /slurm/v0.0.41/jobs', empty)
    await list(opened('v0.0.41'))
  })

  it('is discovered again by a verification', async () => {
    serves('v0.0.42', 'v0.0.45')
    const open = opened('v0.0.41')
    expect(await open.discover?.(signal)).toEqual({ version: 'v0.0.45' })
    const since = Date.parse('2026-01-06T12:00:00Z') / 1000
    slurm.stub.once(`GET /slurm/v0.0.45/jobs?update_time=${since}`, empty)
    await open.verify(signal)
  })

  it('is discovered again after an upgrade removed it, and the submit is executed once', async () => {
    slurm.stub.once('POST /slurm/v0.0.41/job/submit', unserved)
    serves('v0.0.42', 'v0.0.45')
    slurm.stub.once('POST /slurm/v0.0.45/job/submit', { body: { job_id: 7, errors: [], warnings: [] } })
    expect(await opened('v0.0.41').drivers.job?.create(slurm.intent(), signal)).toEqual({ remoteId: '7' })
  })

  it('is not replaced if it is configured', async () => {
    slurm.stub.once('GET /slurm/v0.0.41/jobs', unserved)
    const open = slurm.open({ version: 'v0.0.41' })
    expect(open).not.toHaveProperty('discover')
    expect(await failureOf(Promise.resolve(list(open)))).toMatchObject({
      code: 'unsupported',
      field: 'settings.version',
      message: expect.stringMatching(/does not serve this version.*if it has `settings\.version`, set one/),
    })
  })

  it('leaves a submit unsent if it cannot be discovered', async () => {
    slurm.stub.once('GET /openapi/v3', { status: 503, body: 'Service Unavailable' })
    const created = opened().drivers.job?.create(slurm.intent(), signal)
    expect(await failureOf(Promise.resolve(created))).toMatchObject({ code: 'unavailable', notSent: true })
    serves('v0.0.39')
    const error = await failureOf(Promise.resolve(opened().drivers.job?.create(slurm.intent(), signal)))
    expect(error).toMatchObject({ code: 'unsupported', field: 'settings.version', notSent: true })
    expect(error.message).toContain('serves v0.0.39')
  })
})

describe('Slurm verification from v0.0.40', () => {
  const since = Date.parse('2026-01-06T12:00:00Z') / 1000

  it.each([
    [511, 1007, 'unauthenticated', 'credentials.key'],
    [502, 1800, 'unavailable', undefined],
  ])('maps HTTP %d with error %d to %s', async (status, error_number, code, field) => {
    const body = { errors: [{ error_number, error: 'no' }], warnings: [] }
    slurm.stub.once(`GET /slurm/v0.0.44/jobs?update_time=${since}`, { status, body })
    expect(await failureOf(opened('v0.0.44').verify(signal))).toMatchObject({ code, field })
  })
})
