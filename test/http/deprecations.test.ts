import Fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { announceDeprecations, type Deprecation, deprecations } from '../../src/http/deprecations.ts'
import type { HttpServer } from '../../src/http/server.ts'
import { makeUnconnectedApp } from '../support/unconnected-app.ts'

const since = new Date('2027-01-01T00:00:00Z')
const sunset = new Date('2027-07-01T00:00:00Z')
const table: readonly Deprecation[] = [
  { what: { operationId: 'getLiveness' }, since, sunset, replacement: 'Use `GET /readyz`.' },
  { what: { operationId: 'listJobs', parameter: 'namePrefix' }, since, replacement: 'Use `label`.' },
  { what: { schema: 'JobRequest', field: 'inputs.source' }, since, sunset, replacement: 'Use `mounts`.' },
  { what: { schema: 'Job', field: 'exitCode' }, since, sunset, replacement: 'Use `error`.' },
  { what: { schema: 'JobBatchRequest', field: 'jobs.queue' }, since, replacement: 'Use `resources`.' },
  { what: { operationId: 'submitJob', parameter: 'idempotency-key' }, since, replacement: 'Use `key`.' },
]

/** A server with only the routes and schemas in the table. */
async function makeServer(own: readonly Deprecation[]) {
  const server = Fastify()
  announceDeprecations(server as unknown as HttpServer, own)
  server.addSchema({ $id: 'JobRequest', type: 'object', required: ['name'] })
  server.get('/livez', { schema: { operationId: 'getLiveness' } }, async () => 'ok')
  server.get('/jobs', { schema: { operationId: 'listJobs' } }, async () => 'ok')
  const headers = { type: 'object', properties: { 'idempotency-key': { type: 'string' } } }
  server.post('/jobs/keyed', { schema: { operationId: 'submitJob', headers } }, async () => 'ok')
  server.post('/jobs/batch', { config: { documentedBody: 'JobBatchRequest' } }, async () => 'ok')
  for (const url of ['/jobs', '/jobs/preview'])
    server.post(url, { schema: { body: { $ref: 'JobRequest' } } }, async () => 'ok')
  await server.ready()
  return server
}

describe('the deprecation table', () => {
  it('sends both headers for a deprecated operation', async () => {
    const server = await makeServer(table)
    const { headers } = await server.inject('/livez')
    expect(headers).toMatchObject({ deprecation: '@1798761600', sunset: 'Thu, 01 Jul 2027 00:00:00 GMT' })
    expect((await server.inject({ method: 'HEAD', url: '/livez' })).headers.deprecation).toBe('@1798761600')
  })

  it('sends the headers for a deprecated parameter only if the request has it', async () => {
    const server = await makeServer(table)
    expect((await server.inject('/jobs')).headers).not.toHaveProperty('deprecation')
    const { headers } = await server.inject('/jobs?namePrefix=a')
    expect(headers.deprecation).toBe('@1798761600')
    expect(headers).not.toHaveProperty('sunset')
  })

  it('sends the headers for a deprecated request header', async () => {
    const server = await makeServer(table)
    const sent = async (headers: Record<string, string>) =>
      (await server.inject({ method: 'POST', url: '/jobs/keyed?idempotency-key=a', headers })).headers
    expect(await sent({})).not.toHaveProperty('deprecation')
    expect((await sent({ 'Idempotency-Key': 'a' })).deprecation).toBe('@1798761600')
  })

  it('sends the headers for a deprecated field in any separately validated item', async () => {
    const server = await makeServer(table)
    const sent = async (jobs: object[]) =>
      (await server.inject({ method: 'POST', url: '/jobs/batch', payload: { jobs } })).headers
    expect(await sent([{ name: 'a' }])).not.toHaveProperty('deprecation')
    expect((await sent([{ name: 'a' }, { queue: 'b' }])).deprecation).toBe('@1798761600')
  })

  it.each([
    [{ name: 'a', inputs: [{ path: 'a' }, { source: 'b' }] }, true],
    [{ inputs: [{ source: 'b' }] }, true],
    [{ name: 'a', inputs: [{ path: 'a' }] }, false],
    [{ name: 'a', source: 'b' }, false],
    [{ name: 'a', inputs: 'source' }, false],
  ])('determines whether the body %j sends the headers: %s', async (payload, isDeprecated) => {
    const server = await makeServer(table)
    for (const url of ['/jobs', '/jobs/preview']) {
      const { headers } = await server.inject({ method: 'POST', url, payload })
      expect(headers.deprecation !== undefined).toBe(isDeprecated)
    }
  })

  it('sends no headers if it is empty', async () => {
    const server = await makeServer([])
    expect((await server.inject('/livez')).headers).not.toHaveProperty('deprecation')
  })
})

describe('the OpenAPI document', () => {
  const documentOf = async (own: readonly Deprecation[]) => {
    const app = await makeUnconnectedApp({ deps: { deprecations: own } })
    const document = (await app.inject('/openapi.json')).json()
    const sent = (await app.inject('/livez')).headers
    await app.close()
    return { document, sent }
  }

  it('marks the entries of the table as deprecated', async () => {
    const { document, sent } = await documentOf(table)
    const { paths, components } = document
    expect(sent).toMatchObject({ deprecation: '@1798761600', sunset: 'Thu, 01 Jul 2027 00:00:00 GMT' })
    expect(paths['/livez'].get).toMatchObject({
      deprecated: true,
      description: expect.stringMatching(
        /Deprecated since 2027-01-01\. Not removed before 2027-07-01\. Use `GET \/readyz`\.$/,
      ),
    })
    const { parameters } = paths['/jobs'].get
    expect(parameters.filter((each: { deprecated?: boolean }) => each.deprecated)).toMatchObject([
      { name: 'namePrefix' },
    ])
    expect(components.schemas.Job.properties.exitCode.deprecated).toBe(true)
    expect(JSON.stringify(document).match(/"deprecated":true/g)).toHaveLength(table.length)
  })

  it('marks nothing if the table is empty', async () => {
    expect(deprecations).toEqual([])
    const { document, sent } = await documentOf(deprecations)
    expect(JSON.stringify(document)).not.toContain('"deprecated":true')
    expect(sent).not.toHaveProperty('deprecation')
  })

  it('cannot be built from an entry with an unknown field', async () => {
    const what = { schema: 'Job', field: 'nowhere' }
    const app = await makeUnconnectedApp({ deps: { deprecations: [{ what, since, replacement: 'None.' }] } })
    expect(() => app.swagger()).toThrow(/"nowhere"/)
    await app.close()
  })
})
