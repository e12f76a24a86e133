import { describe, expect, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { sandboxConnections } from '../../src/commands/sandbox-connections.ts'
import { useApiBench } from '../support/api-bench.ts'
import { connectionRequests } from '../support/connection-requests.ts'
import { expectProblem } from '../support/problems.ts'

const bench = await useApiBench()
const { api } = bench
const { make } = connectionRequests(bench)

describe('what a provider is asked over a connection', () => {
  it.each(['dataforest', 'aitems', 'modelarts', 'scnet'])(
    'verifies that %s takes the credentials',
    async (provider) => {
      const id = bench.connections[provider]
      expect(await api.ok('POST', `/connections/${id}/verify`)).toEqual({ ok: true })
      expect((await api.ok('GET', `/connections/${id}`)).verifiedAt).toEqual(expect.any(String))
    },
  )

  it('says no, and why, to credentials that are wrong, and repeats no part of them', async () => {
    const secretKey = 'not-the-secret-key-of-anybody-at-all'
    const { id } = await make({ credentials: { secretKey } })
    const answer = await api.call('POST', `/connections/${id}/verify`)
    expect(answer).toMatchObject({ status: 200, body: { ok: false, code: 'unauthenticated' } })
    expect(JSON.stringify(answer.body)).not.toContain(secretKey)
    expect((await api.ok('GET', `/connections/${id}`)).verifiedAt).toBeUndefined()
  })

  it('names the setting of an address that nobody answers at, whichever provider it is', async () => {
    for (const { name, settings, credentials } of sandboxConnections(bench.sandbox)) {
      const [[provider, usual]] = Object.entries(settings) as [[string, object]]
      const moved = Object.entries(usual).map(([key, value], index) => [
        key,
        /^http/.test(String(value)) ? `http://127.0.0.1:${index + 1}` : value,
      ])
      const body = { name: `${name}-nowhere`, settings: { [provider]: Object.fromEntries(moved) }, credentials }
      const { id } = await api.ok('POST', '/connections', body)
      const field = provider === 'scnet' ? 'settings.loginUrl' : 'settings.baseUrl'
      expect(await api.ok('POST', `/connections/${id}/verify`)).toMatchObject({ ok: false, code: 'unavailable', field })
    }
  })

  it('tells what can be done over it, as GET /providers does, in the light of its settings', async () => {
    for (const [provider, id] of Object.entries(bench.connections)) {
      const described = await api.ok('GET', `/providers/${provider}`)
      const here = await api.ok('GET', `/connections/${id}/capabilities`)
      expect(here).toMatchObject({ provider: described.id })
      const kindsOf = ({ kinds }: ApiRecord) => Object.keys(kinds as object)
      expect(kindsOf(described)).toEqual(expect.arrayContaining(kindsOf(here)))
      expect(kindsOf(here)).not.toHaveLength(0)
    }
    expect((await api.ok('GET', '/providers')).data).toEqual(
      expect.arrayContaining(
        sandboxConnections(bench.sandbox).map(({ settings }) =>
          expect.objectContaining({ id: Object.keys(settings)[0] }),
        ),
      ),
    )
  })

  it('lists what can be chosen from, or says that there is no such list', async () => {
    const choices: unknown[] = []
    for (const id of Object.values(bench.connections)) {
      const answer = await api.call('GET', `/connections/${id}/catalog`)
      if (answer.status !== 200) expect(answer).toMatchObject({ status: 422, body: { code: 'unsupported' } })
      else for (const lists of Object.values(answer.body)) choices.push(...Object.values(lists as object).flat())
    }
    expect(choices.length).toBeGreaterThan(0)
  })

  it('finds no orphans where nobody made any', async () => {
    for (const id of Object.values(bench.connections))
      expect(await api.ok('GET', `/connections/${id}/orphans`)).toEqual({ orphans: [], isComplete: true })
  })

  it('passes a provider’s trouble on as its own, not as ours', async () => {
    const { id } = await make()
    const { id: fault } = bench.sandbox.faults.add({ kind: 'error_before', provider: 'dataforest' })
    const answer = await api.call('GET', `/connections/${id}/orphans`)
    bench.sandbox.faults.clear(fault)
    expect(answer).toMatchObject({
      ...{
        status: 502,
        body: { code: 'provider_error', retryable: true, provider: { id: 'dataforest', httpStatus: 500 } },
      },
    })
    expectProblem(answer, answer.body)
  })
})
