import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from 'vitest'
import { makeSecretBox } from '../../src/secrets/secret-box.ts'
import type { JsonObject } from '../../src/vocabulary/json.ts'
import type { ProviderHarness } from '../conformance/harness.ts'
import { harnesses } from '../conformance/harnesses/index.ts'
import { modelartsNotebooks } from '../conformance/harnesses/modelarts.ts'
import { scnetContainer, scnetHpc } from '../conformance/harnesses/scnet.ts'
import { otherValues } from '../conformance/other-values.ts'
import { useApiBench } from '../support/api-bench.ts'
import { expectProblem } from '../support/problems.ts'
import { useStubServer } from '../support/stub-server.ts'
import { testSecretsKey } from '../support/switchyard.ts'

const bench = await useApiBench()
/** An attacker's host that records requests. */
const capture = await useStubServer()

let connectionCount = 0

function credentialsOf({ credentials, sandbox }: ProviderHarness): JsonObject {
  return credentials(bench.sandbox.accounts[sandbox])
}

/** Creates a connection with the settings of the conformance suite. */
async function connect(harness: ProviderHarness, more: JsonObject = {}) {
  const { provider, sandbox, variantSettings } = harness
  const settings = harness.settings(bench.sandbox.urls[sandbox], bench.sandbox.accounts[sandbox])
  connectionCount += 1
  const { id, ...made } = await bench.api.ok('POST', '/connections', {
    name: `endpoints ${connectionCount}`,
    settings: { [provider.id]: { ...settings, ...variantSettings, ...more } },
    credentials: { [provider.id]: credentialsOf(harness) },
  })
  return { id, path: `/connections/${id}`, settings: (made.settings as Record<string, JsonObject>)[provider.id] ?? {} }
}

const patch = (path: string, body: object, headers = {}) => bench.api.call('PATCH', path, { body, headers })
const pointersIn = (body: object) => (body as { errors: { pointer: string }[] }).errors.map(({ pointer }) => pointer)
/** All requests that the attacker's host received. */
const captured = () => JSON.stringify(capture.requests)

describe.each(harnesses)('a PATCH without new credentials: $variant', (harness) => {
  const { provider } = harness

  it.each(provider.endpointSettings)('does not send stored credentials to a new host in %s', async (name) => {
    const { path, settings } = await connect(harness)
    const schema = provider.settings.properties[name]
    const [value] = schema === undefined ? [] : otherValues(schema, settings[name], capture.url)
    for (const to of [value, ...(settings[name] === undefined ? [] : [null])]) {
      const response = await patch(path, { settings: { [provider.id]: { [name]: to } } })
      // A required setting cannot be removed, and the default may equal the stored value.
      expect([200, 400, 422]).toContain(response.status)
      if (to !== null) {
        expect(response.body).toMatchObject({ code: 'unprocessable', retryable: false })
        expect(pointersIn(response.body)).toEqual([`/settings/${provider.id}/${name}`])
        expect(response.body.detail).toMatch(/send new credentials in the same PATCH|cannot change/)
        expectProblem(response, response.body)
      }
      await bench.api.ok('POST', `${path}/verify`)
      expect((await bench.api.ok('GET', path)).settings).toEqual({ [provider.id]: settings })
    }
    expect(capture.requests).toEqual([])
  })

  it('accepts the stored settings', async () => {
    const { path, settings } = await connect(harness)
    expect(await patch(path, { settings: { [provider.id]: settings } })).toMatchObject({
      status: 200,
      body: { settings: { [provider.id]: settings } },
    })
  })
})

describe.each(harnesses)('a PATCH of immutable settings: $variant', (harness) => {
  const { provider } = harness

  it('is rejected with a pointer to the setting, even with new credentials', async () => {
    const { path, settings } = await connect(harness)
    const rejected: string[] = []
    for (const [name, schema] of Object.entries(provider.settings.properties)) {
      const [value] = otherValues(schema, settings[name], capture.url)
      const changed = value === undefined ? settings : { ...settings, [name]: value }
      if (isDeepStrictEqual(provider.scope(changed), provider.scope(settings))) continue
      const credentials = { [provider.id]: credentialsOf(harness) }
      const response = await patch(path, { settings: { [provider.id]: { [name]: value } }, credentials })
      const pointer = `/settings/${provider.id}/${name}`
      expect(response, name).toMatchObject({ status: 422, body: { code: 'unprocessable' } })
      expect(response.body.errors, name).toMatchObject([{ in: 'body', pointer, code: 'frozen' }])
      rejected.push(name)
    }
    expect(rejected).not.toEqual([])
    expect((await bench.api.ok('GET', path)).settings).toEqual({ [provider.id]: settings })
  })
})

describe('a PATCH with new credentials', () => {
  it('sends only the new credentials to the new host and logs the change', async () => {
    const { id, path } = await connect(modelartsNotebooks)
    expect(await bench.api.ok('POST', `${path}/verify`)).toEqual({ ok: true })
    capture.on('POST /a-path-that-may-be-secret/v3/auth/tokens?nocatalog=true', { status: 401, body: {} })
    const login = { username: 'mallory', password: 'a-password-of-their-own', domainName: 'elsewhere' }
    const iamUrl = `${capture.url}/a-path-that-may-be-secret`
    const body = { settings: { modelarts: { iamUrl, visibility: 'all' } }, credentials: { modelarts: login } }
    expect((await patch(path, body)).status).toBe(200)
    expect(await bench.api.ok('POST', `${path}/verify`)).toMatchObject({ ok: false })
    expect(captured()).toContain('a-password-of-their-own')
    const { password = '' } = credentialsOf(modelartsNotebooks)
    expect(captured()).not.toContain(password)
    expect(captured()).not.toMatch(/x-auth-token/i)
    const { data } = await bench.api.ok('GET', `/audit?objectId=${id}&action=connection.updated`)
    const { host } = new URL(bench.sandbox.urls.modelarts)
    expect(data).toMatchObject([
      {
        data: {
          fields: ['settings', 'credentials'],
          settings: ['iamUrl', 'visibility'],
          hosts: { from: [host], to: [host, new URL(capture.url).host].sort() },
        },
      },
    ])
    expect(JSON.stringify(data)).not.toMatch(/that-may-be-secret|a-password-of-their-own/)
  })

  it('discards the tokens of the old credentials', async () => {
    const { path } = await connect(scnetHpc)
    expect(await bench.api.ok('POST', `${path}/verify`)).toEqual({ ok: true })
    const before = capture.requests.length
    const body = {
      settings: { scnet: { aiUrl: capture.url, hpcUrl: capture.url } },
      credentials: { scnet: { accessKey: 'f'.repeat(32), secretKey: 'another-secret-key' } },
    }
    expect((await patch(path, body)).status).toBe(200)
    expect(await bench.api.ok('POST', `${path}/verify`)).toMatchObject({ ok: false, code: 'unauthenticated' })
    expect(capture.requests).toHaveLength(before)
  })
})

describe('null in a PATCH', () => {
  const scnet = (settings: object, credentials: object = {}) => ({ settings: { scnet: settings }, ...credentials })

  it('removes an optional setting', async () => {
    const { path, settings } = await connect(scnetHpc, { defaultQueue: 'debug', defaultWallTimeSeconds: 60 })
    const { defaultQueue: _, ...rest } = settings
    expect(await patch(path, scnet({ defaultQueue: null }))).toMatchObject({
      status: 200,
      body: { settings: { scnet: rest } },
    })
    const { body } = await bench.api.call('GET', path)
    expect(body.settings).toEqual({ scnet: rest })
    expect((await patch(path, scnet({ defaultQueue: null }))).status).toBe(200)
  })

  it('restores the default of a setting', async () => {
    const { path } = await connect(scnetHpc, { timeOffset: '+09:00', listForm: 'query' })
    const response = await patch(path, scnet({ timeOffset: null, listForm: null }))
    expect(response.body).toMatchObject({ settings: { scnet: { timeOffset: '+08:00', listForm: 'body' } } })
  })

  it('removes a pinned endpoint together with new credentials', async () => {
    const { path } = await connect(scnetHpc, { aiUrl: `${bench.sandbox.urls.scnet}/ai` })
    expect((await patch(path, scnet({ aiUrl: null }))).status).toBe(422)
    const response = await patch(path, scnet({ aiUrl: null }, { credentials: { scnet: credentialsOf(scnetHpc) } }))
    expect(response.status).toBe(200)
    expect((response.body.settings as { scnet: object }).scnet).not.toHaveProperty('aiUrl')
    expect(await bench.api.ok('POST', `${path}/verify`)).toEqual({ ok: true })
  })

  it('is rejected for a required setting', async () => {
    const { path } = await connect(scnetHpc)
    const response = await patch(path, scnet({ user: null }))
    expect(response.status).toBe(400)
    expect(pointersIn(response.body)).toEqual(['/settings/scnet/user'])
  })
})

describe('incomplete credentials', () => {
  it.each<[string, ProviderHarness, JsonObject, string]>([
    ['a key without its secret', scnetHpc, { accessKey: 'f'.repeat(32) }, 'secretKey'],
    ['a password without its organization', scnetContainer, { password: 'p' }, 'orgId'],
    ['no credentials', scnetHpc, {}, 'accessKey'],
    ['both pairs', scnetHpc, { accessKey: 'a', secretKey: 'b', password: 'c', orgId: 'd' }, 'password'],
    ['a user without a password', modelartsNotebooks, { username: 'u', domainName: 'd' }, 'password'],
    ['a mix of both kinds', modelartsNotebooks, { accessKey: 'a', username: 'u' }, 'username'],
    ['a temporary key without its secret', modelartsNotebooks, { accessKey: 'a', securityToken: 't' }, 'secretKey'],
  ])('are rejected on create and update with a pointer: %s', async (_, harness, credentials, field) => {
    const { id } = harness.provider
    const { path, settings } = await connect(harness)
    const body = { name: 'half', settings: { [id]: settings }, credentials: { [id]: credentials } }
    for (const response of [
      await bench.api.call('POST', '/connections', { body }),
      await patch(path, { credentials: { [id]: credentials } }),
    ]) {
      expect(response).toMatchObject({ status: 422, body: { code: 'unprocessable', retryable: false } })
      expect(pointersIn(response.body)).toEqual([`/credentials/${id}/${field}`])
    }
    expect(await bench.api.ok('POST', `${path}/verify`)).toEqual({ ok: true })
  })

  it.each([
    ['an access key', scnetHpc, { accessKey: 'f'.repeat(32) }],
    ['a login', modelartsNotebooks, { username: 'u', domainName: 'd' }],
  ] as const)('are reported as not retryable if they are already stored: %s', async (_, harness, credentials) => {
    const { id, path } = await connect(harness)
    await bench.open.pool.query('UPDATE connections SET sealed_credentials = $2, version = version + 1 WHERE id = $1', [
      id,
      makeSecretBox(testSecretsKey).seal(id, credentials),
    ])
    for (const query of ['catalog', 'orphans'])
      expect(await bench.api.call('GET', `${path}/${query}`)).toMatchObject({
        status: 422,
        body: { code: 'unprocessable', retryable: false },
      })
  })
})
