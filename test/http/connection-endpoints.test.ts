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
/** The host of somebody who would like to have the credentials. */
const capture = await useStubServer()

let drawn = 0

function credentialsOf({ credentials, sandbox }: ProviderHarness): JsonObject {
  return credentials(bench.sandbox.accounts[sandbox])
}

/** A connection as the conformance suite opens it. Answers its path and settings. */
async function connect(harness: ProviderHarness, more: JsonObject = {}) {
  const { provider, sandbox, variantSettings } = harness
  const settings = harness.settings(bench.sandbox.urls[sandbox], bench.sandbox.accounts[sandbox])
  drawn += 1
  const { id, ...made } = await bench.api.ok('POST', '/connections', {
    name: `endpoints ${drawn}`,
    settings: { [provider.id]: { ...settings, ...variantSettings, ...more } },
    credentials: { [provider.id]: credentialsOf(harness) },
  })
  return { id, path: `/connections/${id}`, settings: (made.settings as Record<string, JsonObject>)[provider.id] ?? {} }
}

const patch = (path: string, body: object, headers = {}) => bench.api.call('PATCH', path, { body, headers })
const pointersIn = (body: object) => (body as { errors: { pointer: string }[] }).errors.map(({ pointer }) => pointer)
/** All that arrived where it should not. */
const captured = () => JSON.stringify(capture.requests)

describe.each(harnesses)('a PATCH without new credentials: $variant', (harness) => {
  const { provider } = harness

  it.each(provider.endpointSettings)('does not send what is stored to the host that %s says', async (name) => {
    const { path, settings } = await connect(harness)
    const schema = provider.settings.properties[name]
    const [value] = schema === undefined ? [] : otherValues(schema, settings[name], capture.url)
    for (const to of [value, ...(settings[name] === undefined ? [] : [null])]) {
      const answer = await patch(path, { settings: { [provider.id]: { [name]: to } } })
      // A setting that a connection needs cannot be removed, and a default may be what is there.
      expect([200, 400, 422]).toContain(answer.status)
      if (to !== null) {
        expect(answer.body).toMatchObject({ code: 'unprocessable', retryable: false })
        expect(pointersIn(answer.body)).toEqual([`/settings/${provider.id}/${name}`])
        expect(answer.body.detail).toMatch(/send new credentials in the same PATCH|cannot change/)
        expectProblem(answer, answer.body)
      }
      await bench.api.ok('POST', `${path}/verify`)
      expect((await bench.api.ok('GET', path)).settings).toEqual({ [provider.id]: settings })
    }
    expect(capture.requests).toEqual([])
  })

  it('may repeat what is stored', async () => {
    const { path, settings } = await connect(harness)
    expect(await patch(path, { settings: { [provider.id]: settings } })).toMatchObject({
      status: 200,
      body: { settings: { [provider.id]: settings } },
    })
  })
})

describe.each(harnesses)('a PATCH of what decides where objects live: $variant', (harness) => {
  const { provider } = harness

  it('is refused as such, at the setting, also with new credentials', async () => {
    const { path, settings } = await connect(harness)
    const refused: string[] = []
    for (const [name, schema] of Object.entries(provider.settings.properties)) {
      const [value] = otherValues(schema, settings[name], capture.url)
      const changed = value === undefined ? settings : { ...settings, [name]: value }
      if (isDeepStrictEqual(provider.scope(changed), provider.scope(settings))) continue
      const credentials = { [provider.id]: credentialsOf(harness) }
      const answer = await patch(path, { settings: { [provider.id]: { [name]: value } }, credentials })
      const pointer = `/settings/${provider.id}/${name}`
      expect(answer, name).toMatchObject({ status: 422, body: { code: 'unprocessable' } })
      expect(answer.body.errors, name).toMatchObject([{ in: 'body', pointer, code: 'frozen' }])
      refused.push(name)
    }
    expect(refused).not.toEqual([])
    expect((await bench.api.ok('GET', path)).settings).toEqual({ [provider.id]: settings })
  })
})

describe('a PATCH with new credentials', () => {
  it('sends only those to the new host, and the audit log names the settings and the hosts', async () => {
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

  it('takes the tokens of the old ones with it', async () => {
    const { path } = await connect(scnetHpc)
    expect(await bench.api.ok('POST', `${path}/verify`)).toEqual({ ok: true })
    const before = capture.requests.length
    const body = {
      settings: { scnet: { aiUrl: capture.url, hpcUrl: capture.url } },
      credentials: { scnet: { accessKey: 'f'.repeat(32), secretKey: 'nobodys-secret-key' } },
    }
    expect((await patch(path, body)).status).toBe(200)
    expect(await bench.api.ok('POST', `${path}/verify`)).toMatchObject({ ok: false, code: 'unauthenticated' })
    expect(capture.requests).toHaveLength(before)
  })
})

describe('null in a PATCH', () => {
  const scnet = (settings: object, credentials: object = {}) => ({ settings: { scnet: settings }, ...credentials })

  it('removes a setting that a connection need not have', async () => {
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

  it('brings back the default of one that has a default', async () => {
    const { path } = await connect(scnetHpc, { timeOffset: '+09:00', listForm: 'query' })
    const answer = await patch(path, scnet({ timeOffset: null, listForm: null }))
    expect(answer.body).toMatchObject({ settings: { scnet: { timeOffset: '+08:00', listForm: 'body' } } })
  })

  it('removes a pinned endpoint together with new credentials', async () => {
    const { path } = await connect(scnetHpc, { aiUrl: `${bench.sandbox.urls.scnet}/ai` })
    expect((await patch(path, scnet({ aiUrl: null }))).status).toBe(422)
    const answer = await patch(path, scnet({ aiUrl: null }, { credentials: { scnet: credentialsOf(scnetHpc) } }))
    expect(answer.status).toBe(200)
    expect((answer.body.settings as { scnet: object }).scnet).not.toHaveProperty('aiUrl')
    expect(await bench.api.ok('POST', `${path}/verify`)).toEqual({ ok: true })
  })

  it('is refused for a setting that a connection needs', async () => {
    const { path } = await connect(scnetHpc)
    const answer = await patch(path, scnet({ user: null }))
    expect(answer.status).toBe(400)
    expect(pointersIn(answer.body)).toEqual(['/settings/scnet/user'])
  })
})

describe('credentials that are half a pair', () => {
  it.each<[string, ProviderHarness, JsonObject, string]>([
    ['a key without its secret', scnetHpc, { accessKey: 'f'.repeat(32) }, 'secretKey'],
    ['a password without its organization', scnetContainer, { password: 'p' }, 'orgId'],
    ['nothing', scnetHpc, {}, 'accessKey'],
    ['both pairs', scnetHpc, { accessKey: 'a', secretKey: 'b', password: 'c', orgId: 'd' }, 'password'],
    ['a user without a password', modelartsNotebooks, { username: 'u', domainName: 'd' }, 'password'],
    ['a key of both kinds', modelartsNotebooks, { accessKey: 'a', username: 'u' }, 'username'],
    ['a key without its secret', modelartsNotebooks, { accessKey: 'a', securityToken: 't' }, 'secretKey'],
  ])('are refused at the field, made and changed: %s', async (_, harness, credentials, field) => {
    const { id } = harness.provider
    const { path, settings } = await connect(harness)
    const body = { name: 'half', settings: { [id]: settings }, credentials: { [id]: credentials } }
    for (const answer of [
      await bench.api.call('POST', '/connections', { body }),
      await patch(path, { credentials: { [id]: credentials } }),
    ]) {
      expect(answer).toMatchObject({ status: 422, body: { code: 'unprocessable', retryable: false } })
      expect(pointersIn(answer.body)).toEqual([`/credentials/${id}/${field}`])
    }
    expect(await bench.api.ok('POST', `${path}/verify`)).toEqual({ ok: true })
  })

  it.each([
    ['an access key', scnetHpc, { accessKey: 'f'.repeat(32) }],
    ['a login', modelartsNotebooks, { username: 'u', domainName: 'd' }],
  ] as const)('that were stored before are nothing to try again: %s', async (_, harness, credentials) => {
    const { id, path } = await connect(harness)
    await bench.open.pool.query('UPDATE connections SET sealed_credentials = $2, version = version + 1 WHERE id = $1', [
      id,
      makeSecretBox(testSecretsKey).seal(id, credentials),
    ])
    for (const question of ['catalog', 'orphans'])
      expect(await bench.api.call('GET', `${path}/${question}`)).toMatchObject({
        status: 422,
        body: { code: 'unprocessable', retryable: false },
      })
  })
})
