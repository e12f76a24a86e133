import { createHmac } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { answer, api, failureOf, key, signal, startSlurmStubForEachTest } from './slurm-stub.ts'

const slurm = startSlurmStubForEachTest()

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
/** With an invalid signature, which the driver does not verify. */
const tokenOf = (claims: object) => `${encode({ alg: 'HS256' })}.${encode(claims)}.c2lnbmF0dXJl`
const headers = () => slurm.stub.requests.at(-1)?.headers ?? {}
const list = `GET ${api('/jobs')}`
const read = (credentials?: Readonly<Record<string, string>>) =>
  slurm.open({}, credentials).drivers.job?.list({ cursor: null, watched: [] }, signal) ?? Promise.reject(new Error())

describe('Slurm token', () => {
  it('is signed with the key, for the user, for ten minutes', async () => {
    slurm.stub.once(list, answer(200, [], { jobs: [] }))
    await read()
    const [header = '', payload = '', signature] = String(headers()['x-slurm-user-token']).split('.')
    expect(headers()['x-slurm-user-name']).toBe('alice')
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({ alg: 'HS256', typ: 'JWT' })
    const iat = Date.parse('2026-01-05T12:00:00Z') / 1000
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toEqual({ exp: iat + 600, iat, sun: 'alice' })
    const expectedSignature = createHmac('sha256', Buffer.from(key, 'base64'))
      .update(`${header}.${payload}`)
      .digest('base64url')
    expect(signature).toBe(expectedSignature)
  })

  it('is the configured one', async () => {
    slurm.stub.once(list, answer(200, [], { jobs: [] }))
    const token = tokenOf({ exp: 4_000_000_000, sun: 'alice' })
    await read({ token })
    expect(headers()['x-slurm-user-token']).toBe(token)
  })

  it('is not sent after its expiry', async () => {
    const token = tokenOf({ exp: Date.parse('2026-01-05T11:59:59Z') / 1000, sun: 'alice' })
    const error = await failureOf(read({ token }))
    expect(error).toMatchObject({ code: 'unauthenticated', field: 'credentials.token', notSent: true })
    expect(slurm.stub.requests).toHaveLength(0)
    expect(inspect(error, { depth: 10 })).not.toContain(token)
  })

  it('is reported as expired for error -1 only if it expired during the call', async () => {
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

describe('Slurm connection check', () => {
  const serveVersions = (...versions: string[]) => {
    const paths = Object.fromEntries(versions.map((version) => [`/slurm/${version}/job/submit`, {}]))
    slurm.stub.once('GET /openapi/v3', { body: { openapi: '3.0.2', info: {}, paths } })
  }
  const answerProbe = (...errors: object[]) => slurm.stub.once(`DELETE ${api('/job/0')}`, answer(500, errors))

  it('reads the served versions and probes job 0', async () => {
    serveVersions('v0.0.36', 'v0.0.38')
    answerProbe({ error_number: 2017, error: 'Invalid job id specified' })
    await slurm.open().verify(signal)
  })

  it('lists the served versions if the configured one is missing', async () => {
    serveVersions('v0.0.40', 'v0.0.41')
    const error = await failureOf(slurm.open().verify(signal))
    expect(error).toMatchObject({ code: 'unsupported', field: 'settings.version' })
    expect(error.message).toContain('v0.0.40, v0.0.41 and not v0.0.38')
  })

  it('distinguishes a rejected token from an unavailable controller', async () => {
    serveVersions('v0.0.38')
    answerProbe({ error_number: 5005, error: 'Zero Bytes were transmitted or received' })
    expect(await failureOf(slurm.open().verify(signal))).toMatchObject({
      code: 'unauthenticated',
      field: 'credentials.key',
    })
    serveVersions('v0.0.38')
    answerProbe({ error_number: 1800, error: 'Unable to contact slurm controller (connect failure)' })
    expect(await failureOf(slurm.open().verify(signal))).toMatchObject({ code: 'unavailable' })
  })

  it('rejects a token of another user', async () => {
    const token = tokenOf({ exp: 4_000_000_000, sun: 'bob' })
    const error = await failureOf(slurm.open({}, { token }).verify(signal))
    expect(error).toMatchObject({ code: 'permission_denied', field: 'settings.user' })
    expect(slurm.stub.requests).toHaveLength(0)
  })
})

it('prepends the path of the base URL', async () => {
  slurm.stub.once(`GET /gateway${api('/jobs')}`, answer(200, [], { jobs: [] }))
  const { job } = slurm.open({ baseUrl: `${slurm.stub.url}/gateway/` }).drivers
  await job?.list({ cursor: null, watched: [] }, signal)
})
