import AjvCompiler from '@fastify/ajv-compiler'
import { Type } from '@sinclair/typebox'
import fc from 'fast-check'
import type { FastifyRequest } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Caller } from '../../../src/http/caller.ts'
import { itemError } from '../../../src/http/item-errors.ts'
import type { HttpServer } from '../../../src/http/server.ts'
import { document, operations, type Schema } from '../../support/contract.ts'
import { fuzzRuns } from '../../support/fuzz.ts'
import { mutate, valuesOf } from '../../support/schema-arbitrary.ts'
import { makeUnconnectedApp } from '../../support/unconnected-app.ts'

const operationsWithBody = operations.flatMap(({ body, ...operation }) =>
  body === null ? [] : [{ ...operation, body }],
)

/** Returns 204 for each body that the route schemas allow. */
let gateServer: HttpServer

beforeAll(async () => {
  const caller: Caller = {
    ...{ projectId: 'prj', scopes: new Set(['admin'] as const) },
    by: { subject: 'key', address: '', requestId: '' },
  }
  gateServer = await makeUnconnectedApp({
    environment: { MAX_EVENT_LOOP_DELAY_MS: '0' },
    deps: { authHooks: { authenticate: async () => caller, onDenied: async () => {} } },
    prepare: (server) =>
      server.addHook('preHandler', async (request, reply) => {
        rejectInvalidItem(request)
        return reply.code(204).send()
      }),
  })
})

/** The batch handler validates each job; the route schema covers only the envelope. */
function rejectInvalidItem(request: FastifyRequest): void {
  if (request.routeOptions.url !== '/jobs/batch') return
  const rules = { schema: Type.Ref('JobBatchItem'), more: () => [] }
  const { jobs } = request.body as { jobs: readonly unknown[] }
  for (const [index, job] of jobs.entries()) {
    const error = itemError(request, job, { ...rules, base: `/jobs/${index}` })
    if (error !== null) throw error
  }
}

afterAll(() => gateServer?.close())

/** Validates with only the published document. */
const allowsPublished = makePublishedValidator()

function makePublishedValidator(): (schema: Schema, body: unknown) => boolean {
  const local = (schema: Schema) => JSON.parse(JSON.stringify(schema).replaceAll('#/components/schemas/', ''))
  const shared = Object.fromEntries(
    Object.entries(document.components.schemas).map(([name, schema]) => [name, { $id: name, ...local(schema) }]),
  )
  const customOptions = { coerceTypes: false, useDefaults: false, removeAdditional: false, strict: false } as const
  const build = AjvCompiler()(shared, { customOptions })
  const compiled = new Map<Schema, (body: unknown) => unknown>()
  return (schema, body) => {
    const validate = compiled.get(schema) ?? (build({ schema: local(schema) } as never) as (body: unknown) => unknown)
    compiled.set(schema, validate)
    return validate(body) === true
  }
}

/** Codes of checks outside the schemas: zero bytes, lone surrogates, unsafe integers, depth. */
const unsafe: ReadonlySet<unknown> = new Set(['characters', 'range', 'depth'])
/** Rejected while the body is parsed. */
const isPoisoned = (body: string) => body.includes('__proto__') || body.includes('constructor')

async function compare(
  { method, path, body: schema }: (typeof operationsWithBody)[number],
  body: unknown,
): Promise<void> {
  const payload = JSON.stringify(body)
  if (payload === undefined || isPoisoned(payload)) return
  const url = path
    .replace('{deliveryId}', 'whd_01h455vb4pex5vsknk084sn02q')
    .replace('{id}', `${prefixes[path.split('/')[1] ?? '']}_01h455vb4pex5vsknk084sn02q`)
  const headers = { 'content-type': 'application/json' }
  const response = await gateServer.inject({ method: method as 'POST', url, headers, payload })
  if (response.statusCode === 400 && unsafe.has(response.json().errors[0]?.code)) return
  const isAllowed = allowsPublished(schema, JSON.parse(payload))
  // Each job of a batch is validated separately, so its errors are in the results.
  if (!isAllowed && path === '/jobs/batch' && response.statusCode === 204) return
  const message = `${isAllowed ? '' : 'not '}allowed by the document: ${payload}\n${response.body}`
  expect(response.statusCode, message).toBe(isAllowed ? 204 : 400)
}

const prefixes: Readonly<Record<string, string>> = {
  ...{ jobs: 'job', environments: 'env', connections: 'conn', projects: 'prj', 'api-keys': 'key' },
  ...{ 'webhook-endpoints': 'whk', attention: 'job' },
}

describe('published request schemas', () => {
  it.each(operationsWithBody)(
    'accept the same bodies as $method $path',
    { timeout: 5000 + fuzzRuns * 200 },
    async (operation) => {
      const drawn = valuesOf(operation.body)
      await fc.assert(
        fc.asyncProperty(fc.oneof(drawn, mutate(drawn)), (body) => compare(operation, body)),
        { numRuns: fuzzRuns },
      )
    },
  )
})
