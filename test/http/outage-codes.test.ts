import { describe, expect, it } from 'vitest'
import { type ApiBench, useApiBench } from '../support/api-bench.ts'
import { expectProblem } from '../support/problems.ts'
import { useStubServer } from '../support/stub-server.ts'

const bench = await useApiBench()
const stub = await useStubServer()

describe.each(['EPIPE', 'ECONNREFUSED', 'connection terminated', 'P2028', '57P01'])(
  'the database error code %s in a request',
  (code) => {
    it.each<[string, () => Parameters<ApiBench['api']['call']>]>([
      [
        'If-Match header',
        () => [
          'PATCH',
          `/connections/${bench.connections.slurm}`,
          { body: { held: false }, headers: { 'if-match': `"${code}"` } },
        ],
      ],
      ['cursor', () => ['GET', `/jobs?cursor=${encodeURIComponent(code)}`]],
      ['path', () => ['GET', `/${encodeURIComponent(code)}`]],
      ['provider name', () => ['POST', '/jobs', { body: { name: 'a', provider: code } }]],
      ['unknown field', () => ['POST', '/jobs', { body: { name: 'a', provider: 'slurm', [code]: 1 } }]],
    ])('is reported as a client error, not as an outage: %s', async (_, call) => {
      const response = await bench.api.call(...call())
      expect([400, 404, 412, 422]).toContain(response.status)
      expect(response.body).toMatchObject({ retryable: false })
      expectProblem(response, response.body)
    })
  },
)

describe('an unavailable provider', () => {
  /** A connection to the stub. */
  async function connect(name: string, baseUrl = stub.url): Promise<string> {
    const settings = { slurm: { baseUrl, user: 'alice' } }
    const credentials = { slurm: { key: 'ZXhhbXBsZUtleUZvclVuaXRUZXN0c09ubHkwMDAwMDE=' } }
    return (await bench.api.ok('POST', '/connections', { name, settings, credentials })).id
  }

  it.each<[string, () => string]>([
    ['connection reset', () => stub.url],
    ['refused connection', () => 'http://127.0.0.1:1'],
  ])('returns 502 provider_error for a %s', async (how, url) => {
    stub.on('GET /slurm/v0.0.38/jobs', { isReset: true })
    const id = await connect(how, url())
    const response = await bench.api.call('GET', `/connections/${id}/orphans`)
    expect(response).toMatchObject({
      status: 502,
      body: { code: 'provider_error', retryable: true, provider: { id: 'slurm' } },
    })
  })
})
