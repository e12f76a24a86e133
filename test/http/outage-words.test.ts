import { describe, expect, it } from 'vitest'
import { type ApiBench, useApiBench } from '../support/api-bench.ts'
import { expectProblem } from '../support/problems.ts'
import { useStubServer } from '../support/stub-server.ts'

const bench = await useApiBench()
const stub = await useStubServer()

describe.each(['EPIPE', 'ECONNREFUSED', 'connection terminated', 'P2028', '57P01'])('a client that says %s', (word) => {
  it.each<[string, () => Parameters<ApiBench['api']['call']>]>([
    [
      'in If-Match',
      () => [
        'PATCH',
        `/connections/${bench.connections.slurm}`,
        { body: { held: false }, headers: { 'if-match': `"${word}"` } },
      ],
    ],
    ['in a cursor', () => ['GET', `/jobs?cursor=${encodeURIComponent(word)}`]],
    ['in a path', () => ['GET', `/${encodeURIComponent(word)}`]],
    ['in a name that is asked for', () => ['POST', '/jobs', { body: { name: 'a', provider: word } }]],
    ['in a field that there is not', () => ['POST', '/jobs', { body: { name: 'a', provider: 'slurm', [word]: 1 } }]],
  ])('is told what is wrong with it, and of no outage: %s', async (_, call) => {
    const answer = await bench.api.call(...call())
    expect([400, 404, 412, 422]).toContain(answer.status)
    expect(answer.body).toMatchObject({ retryable: false })
    expectProblem(answer, answer.body)
  })
})

describe('a provider', () => {
  /** A connection to the stub. */
  async function connect(name: string, baseUrl = stub.url): Promise<string> {
    const settings = { slurm: { baseUrl, user: 'alice' } }
    const credentials = { slurm: { key: 'ZXhhbXBsZUtleUZvclVuaXRUZXN0c09ubHkwMDAwMDE=' } }
    return (await bench.api.ok('POST', '/connections', { name, settings, credentials })).id
  }

  it.each<[string, () => string]>([
    ['resets the connection', () => stub.url],
    ['does not take the connection', () => 'http://127.0.0.1:1'],
  ])('that %s is the provider’s trouble, not this service’s', async (how, url) => {
    stub.on('GET /slurm/v0.0.38/jobs', { isReset: true })
    const id = await connect(how, url())
    const answer = await bench.api.call('GET', `/connections/${id}/orphans`)
    expect(answer).toMatchObject({
      status: 502,
      body: { code: 'provider_error', retryable: true, provider: { id: 'slurm' } },
    })
  })
})
