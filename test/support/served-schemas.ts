import type { FastifyInstance, RouteOptions } from 'fastify'
import { compilersFactory } from '../../src/http/compilers.ts'
import type { Schema } from './contract.ts'
import { makeUnconnectedApp } from './unconnected-app.ts'

/** The schemas for validation and serialization. The published document describes the same values in other forms. */
export interface ServedSchemas {
  /** Schemas of the request body and the first success response of each operation. */
  operations: ReadonlyMap<string, { body: Schema | undefined; answer: Schema | undefined }>
  /** Validation errors of a body; empty = valid. */
  errorsOf(schema: Schema, value: unknown): readonly object[]
  serialized(schema: Schema, value: unknown): string
}

interface Validate {
  (value: unknown): boolean
  errors?: readonly object[] | null
}

const { buildValidator, buildSerializer } = compilersFactory as unknown as {
  buildValidator(shared: object): (route: { schema: object; httpPart: string }) => Validate
  buildSerializer(shared: object): (route: { schema: object }) => (value: unknown) => string
}

export async function servedSchemas(): Promise<ServedSchemas> {
  const routes: RouteOptions[] = []
  const servers = new Set<FastifyInstance>()
  const app = await makeUnconnectedApp({
    prepare: (server) =>
      server.addHook('onRoute', function (route) {
        servers.add(this)
        routes.push(route)
      }),
  })
  // Plugins have schemas in addition to those of the application.
  const shared = Object.assign({}, ...[...servers].map((server) => server.getSchemas())) as object
  await app.close()
  const [validatorOf, serializerOf] = [buildValidator(shared), buildSerializer(shared)]
  return {
    operations: new Map(routes.flatMap(operationOf)),
    errorsOf(schema, value) {
      const validate = validatorOf({ schema, httpPart: 'body' })
      return validate(value) ? [] : (validate.errors ?? [])
    },
    serialized: (schema, value) => serializerOf({ schema })(value),
  }
}

interface RouteSchema {
  operationId?: string
  body?: Schema
  response?: Readonly<Record<string, Schema>>
}

function operationOf({ method, schema, config }: RouteOptions) {
  const { operationId, response = {}, ...rest } = (schema ?? {}) as RouteSchema
  if (operationId === undefined || method === 'HEAD') return []
  // A body with individually validated parts is documented with a separate schema.
  const body = config?.documentedBody === undefined ? rest.body : { $ref: config.documentedBody }
  const [, success] = Object.entries(response).find(([status]) => status.startsWith('2')) ?? []
  return [[operationId, { body, answer: success === undefined ? undefined : contentOf(success) }] as const]
}

function contentOf({ headers: _, content, ...schema }: Schema): Schema | undefined {
  if (content !== undefined) return Object.values(content as Record<string, { schema: Schema }>)[0]?.schema
  return schema.type === 'null' ? undefined : schema
}
