import { createHmac } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { answer, api, failureOf, key, signal, startSlurmStubForEachTest } from './slurm-stub.ts'

const slurm = startSlurmStubForEachTest()

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
/** Signed by nobody: the driver does not verify. */
const tokenOf = (claims: object) => `${encode({ alg: 'HS256' })}.${encode(claims)}.c2lnbmF0dXJl`
const headers = () => slurm.stub.requests.at(-1)?.headers ?? {}
const list = `GET ${api('/jobs')}`
const read = (credentials?: Readonly<Record<string, string>>) =>
  slurm.open({}, credentials).drivers.job?.list({ cursor: null, watched: [] }, signal) ?? Promise.reject(new Error())

describe('the token of a call to Slurm', () => {
  it('is made from the key, for the user, for ten minutes', async () => {
    slurm.stub.once(list, answer(200, [], { jobs: [] }))
    await read()
    const [header = '', payload = '', signature] = String(headers()['x-slurm-user-token']).split('.')
    expect(headers()['x-slurm-user-name']).toBe('alice')
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({ alg: 'HS256', typ: 'JWT' })
    const iat = Date.parse('2026-01-05T12:00:00Z') / 1000
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toEqual({ exp: iat + 600, iat, sun: 'alice' })
    const own = createHmac('sha256', Buffer.from(key, 'base64')).update(`${header}.${payload}`).digest('base64url')
    expect(signature).toBe(own)
  })

  it('is the given one', async () => {
    slurm.stub.once(list, answer(200, [], { jobs: [] }))
    const token = tokenOf({ exp: 4_000_000_000, sun: 'alice' })
    await read({ token })
    expect(headers()['x-slurm-user-token']).toBe(token)
  })

  it('is not sent once it has expired', async () => {
    const token = tokenOf({ exp: Date.parse('2026-01-05T11:59:59Z') / 1000, sun: 'alice' })
    const error = await failureOf(read({ token }))
    expect(error).toMatchObject({ code: 'unauthenticated', field: 'credentials.token', notSent: true })
    expect(slurm.stub.requests).toHaveLength(0)
    expect(inspect(error, { depth: 10 })).not.toContain(token)
  })

  it('that expired on the way explains a -1, which otherwise is trouble with the controller', async () => {
    const token = tokenOf({ exp: Date.parse('2026-01-05T12:00:05Z') / 1000, sun: 'alice' })
    const unspecified = answer(500, [{ error_number: -1, error: 'Unspecified error' }], { jobs: [] })
    slurm.stub.once(list, unspecified)
    expect(await failureOf(read({ token }))).toMatchObject({ code: 'unavailable' })
    slurm.stub.once(list, () => {
      slurm.clock.advance(6000)
      return unspecified
    })
    expect(await failureOf(read({ token }))).toMatchObject({ code: 'unauthenticated', field: 'credentials.token' })
  })
})

describe('the check of a connection to Slurm', () => {
  const describes = (...versions: string[]) => {
    const paths = Object.fromEntries(versions.map((version) => [`/slurm/${version}/job/submit`, {}]))
    slurm.stub.once('GET /openapi/v3', { body: { openapi: '3.0.2', info: {}, paths } })
  }
  const probe = (...errors: object[]) => slurm.stub.once(`DELETE ${api('/job/0')}`, answer(500, errors))

  it('asks what is served, and whether job 0 is not there', async () => {
    describes('v0.0.36', 'v0.0.38')
    probe({ error_number: 2017, error: 'Invalid job id specified' })
    await slurm.open().verify(signal)
  })

  it('says which versions there are, where the one that is set is not', async () => {
    describes('v0.0.40', 'v0.0.41')
    const error = await failureOf(slurm.open().verify(signal))
    expect(error).toMatchObject({ code: 'unsupported', field: 'settings.version' })
    expect(error.message).toContain('v0.0.40, v0.0.41 and not v0.0.38')
  })

  it('tells a rejected token from a controller that is down', async () => {
    describes('v0.0.38')
    probe({ error_number: 5005, error: 'Zero Bytes were transmitted or received' })
    expect(await failureOf(slurm.open().verify(signal))).toMatchObject({
      code: 'unauthenticated',
      field: 'credentials.key',
    })
    describes('v0.0.38')
    probe({ error_number: 1800, error: 'Unable to contact slurm controller (connect failure)' })
    expect(await failureOf(slurm.open().verify(signal))).toMatchObject({ code: 'unavailable' })
  })

  it('says that a token is of another user', async () => {
    const token = tokenOf({ exp: 4_000_000_000, sun: 'bob' })
    const error = await failureOf(slurm.open({}, { token }).verify(signal))
    expect(error).toMatchObject({ code: 'permission_denied', field: 'settings.user' })
    expect(slurm.stub.requests).toHaveLength(0)
  })
})

it('puts a path of the base URL before its own', async () => {
  slurm.stub.once(`GET /gateway${api('/jobs')}`, answer(200, [], { jobs: [] }))
  const { job } = slurm.open({ baseUrl: `${slurm.stub.url}/gateway/` }).drivers
  await job?.list({ cursor: null, watched: [] }, signal)
})
