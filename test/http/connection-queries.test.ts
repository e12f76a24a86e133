import { describe, expect, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { sandboxConnections } from '../../src/commands/sandbox-connections.ts'
import { useApiBench } from '../support/api-bench.ts'
import { connectionRequests } from '../support/connection-requests.ts'
import { expectProblem } from '../support/problems.ts'

const bench = await useApiBench()
const { api } = bench
const { make } = connectionRequests(bench)

describe('connection queries', () => {
  it.each(['dataforest', 'aitems', 'modelarts', 'scnet'])('verify the credentials of %s', async (provider) => {
    const id = bench.connections[provider]
    expect(await api.ok('POST', `/connections/${id}/verify`)).toEqual({ ok: true })
    expect((await api.ok('GET', `/connections/${id}`)).verifiedAt).toEqual(expect.any(String))
  })

  it('report wrong credentials with a code and without echoing them', async () => {
    const secretKey = 'a-wrong-secret-key-for-this-account'
    const { id } = await make({ credentials: { secretKey } })
    const response = await api.call('POST', `/connections/${id}/verify`)
    expect(response).toMatchObject({ status: 200, body: { ok: false, code: 'unauthenticated' } })
    expect(JSON.stringify(response.body)).not.toContain(secretKey)
    expect((await api.ok('GET', `/connections/${id}`)).verifiedAt).toBeUndefined()
  })

  it('name the setting of an unreachable address for every provider', async () => {
    for (const { name, settings, credentials } of sandboxConnections(bench.sandbox)) {
      const [[provider, original]] = Object.entries(settings) as [[string, object]]
      const unreachable = Object.entries(original).map(([key, value], index) => [
        key,
        /^http/.test(String(value)) ? `http://127.0.0.1:${index + 1}` : value,
      ])
      const body = {
        name: `${name}-unreachable`,
        settings: { [provider]: Object.fromEntries(unreachable) },
        credentials,
      }
      const { id } = await api.ok('POST', '/connections', body)
      const field = provider === 'scnet' ? 'settings.loginUrl' : 'settings.baseUrl'
      expect(await api.ok('POST', `/connections/${id}/verify`)).toMatchObject({ ok: false, code: 'unavailable', field })
    }
  })

  it('return capabilities that are a subset of those of the provider', async () => {
    for (const [provider, id] of Object.entries(bench.connections)) {
      const described = await api.ok('GET', `/providers/${provider}`)
      const capabilities = await api.ok('GET', `/connections/${id}/capabilities`)
      expect(capabilities).toMatchObject({ provider: described.id })
      const kindsOf = ({ kinds }: ApiRecord) => Object.keys(kinds as object)
      expect(kindsOf(described)).toEqual(expect.arrayContaining(kindsOf(capabilities)))
      expect(kindsOf(capabilities)).not.toHaveLength(0)
    }
    expect((await api.ok('GET', '/providers')).data).toEqual(
      expect.arrayContaining(
        sandboxConnections(bench.sandbox).map(({ settings }) =>
          expect.objectContaining({ id: Object.keys(settings)[0] }),
        ),
      ),
    )
  })

  it('return the catalog, or 422 if the provider has none', async () => {
    const choices: unknown[] = []
    for (const id of Object.values(bench.connections)) {
      const response = await api.call('GET', `/connections/${id}/catalog`)
      if (response.status !== 200) expect(response).toMatchObject({ status: 422, body: { code: 'unsupported' } })
      else for (const lists of Object.values(response.body)) choices.push(...Object.values(lists as object).flat())
    }
    expect(choices.length).toBeGreaterThan(0)
  })

  it('return no orphans if there are none', async () => {
    for (const id of Object.values(bench.connections))
      expect(await api.ok('GET', `/connections/${id}/orphans`)).toEqual({ orphans: [], isComplete: true })
  })

  it('return 502 provider_error for an error of the provider', async () => {
    const { id } = await make()
    const { id: fault } = bench.sandbox.faults.add({ kind: 'error_before', provider: 'dataforest' })
    const response = await api.call('GET', `/connections/${id}/orphans`)
    bench.sandbox.faults.clear(fault)
    expect(response).toMatchObject({
      ...{
        status: 502,
        body: { code: 'provider_error', retryable: true, provider: { id: 'dataforest', httpStatus: 500 } },
      },
    })
    expectProblem(response, response.body)
  })
})
