import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { registerCapabilities } from '../../src/capabilities/capabilities.routes.ts'
import { describeProvider, summaryOf } from '../../src/capabilities/describe-provider.ts'
import { settingsOf } from '../../src/commands/settings.ts'
import { readConfig } from '../../src/config/config.ts'
import { makeDraining } from '../../src/http/draining.ts'
import { registerOpenApi } from '../../src/http/openapi.ts'
import { type HttpServer, makeServer } from '../../src/http/server.ts'
import { providers } from '../../src/providers/registry.ts'

const descriptions = providers.map((provider) => describeProvider(provider))
const { edge } = settingsOf(readConfig({}))
let server: HttpServer
let url: string

beforeAll(async () => {
  server = makeServer({
    logger: pino({ level: 'silent' }),
    bodyLimitBytes: 1024,
    edge,
    draining: makeDraining(),
    isOutage: () => false,
  })
  await registerOpenApi(server, { version: '0.0.0', edge })
  await registerCapabilities(server, { describe: () => descriptions })
  url = await server.listen({ host: '127.0.0.1', port: 0 })
})

afterAll(() => server.close())

describe('GET /providers', () => {
  it('lists a summary of every provider', async () => {
    const response = await fetch(`${url}/providers`)
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ data: descriptions.map(summaryOf) })
  })
})

describe('GET /providers/{provider}', () => {
  it.each(descriptions)('returns the full description of $id', async (description) => {
    const response = await fetch(`${url}/providers/${description.id}`)
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual(description)
  })

  it('returns 404 for an unknown provider and lists the known ones', async () => {
    const response = await fetch(`${url}/providers/acme%22`)
    expect(response.status).toBe(404)
    expect(response.headers.get('content-type')).toContain('application/problem+json')
    const problem = (await response.json()) as { code: string; detail: string; errors: object[] }
    expect(problem.code).toBe('not_found')
    for (const { id } of descriptions) expect(problem.detail).toContain(id)
    expect(problem.errors).toEqual([expect.objectContaining({ in: 'path', pointer: 'provider' })])
  })
})

describe('the OpenAPI document', () => {
  it('contains the operations and schemas', async () => {
    await server.ready()
    const document = server.swagger() as unknown as {
      paths: Record<string, { get: { operationId: string; tags: string[] } }>
      components: { schemas: Record<string, unknown> }
    }
    expect(document.paths['/providers']?.get).toMatchObject({ operationId: 'listProviders', tags: ['Providers'] })
    expect(document.paths['/providers/{provider}']?.get).toMatchObject({ operationId: 'getProvider' })
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining([
        'Provider',
        'ProviderKind',
        'ProviderField',
        'ProviderSummary',
        'ConnectionCapabilities',
      ]),
    )
  })
})
