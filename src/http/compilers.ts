import AjvCompiler from '@fastify/ajv-compiler'
import SerializerCompiler from '@fastify/fast-json-stringify-compiler'
import type { FastifyServerOptions } from 'fastify'
import { boundedValidation, type Validate } from './bounded-validation.ts'

type CompilersFactory = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>
type BuildValidator = NonNullable<CompilersFactory['buildValidator']>
type BuildSerializer = NonNullable<CompilersFactory['buildSerializer']>
type Serialize = (data: unknown) => string

/** The schemas are the routes' own, which the OpenAPI document shows and `npm run openapi:lint` examines. */
const unexamined = { meta: false, validateSchema: false } as const
const common = { removeAdditional: false, ...unexamined } as const

/**
 * Validators and serializers are made when a request first needs them, and one serves all routes with that schema: most
 * answers share a few. To make each route's own at the start took four seconds of CPU, at every start.
 */
export const compilersFactory: CompilersFactory = {
  /** Bodies are taken as they are; query, path and header values are text on the wire and become what the schema says. */
  buildValidator: ((externalSchemas: Parameters<ReturnType<typeof AjvCompiler>>[0]) => {
    const build = AjvCompiler()
    const compilers = (options: object) => ({
      all: once(() => build(externalSchemas, { customOptions: { ...common, ...options, allErrors: true } })),
      first: once(() => build(externalSchemas, { customOptions: { ...common, ...options, allErrors: false } })),
    })
    const strict = compilers({ coerceTypes: false, useDefaults: false })
    const lenient = compilers({ coerceTypes: 'array', useDefaults: true })
    return (route: { httpPart?: string }) => {
      const { all, first } = route.httpPart === 'body' ? strict : lenient
      return boundedValidation({
        all: once(() => all()(route) as Validate),
        first: once(() => first()(route) as Validate),
      })
    }
  }) as BuildValidator,

  buildSerializer: ((externalSchemas: unknown, options: unknown) => {
    const build = once(() => SerializerCompiler()(externalSchemas, options as never))
    const bySchema = new Map<string, Serialize>()
    return ({ schema, ...route }: { schema: object }) => {
      // The headers of an answer are told to readers of the document; they are no part of its body.
      const body = { ...schema, headers: undefined }
      const key = JSON.stringify(body)
      const known = bySchema.get(key)
      if (known !== undefined) return known
      const compile = once(() => build()({ ...route, schema: body } as never) as Serialize)
      const serialize: Serialize = (data) => compile()(data)
      bySchema.set(key, serialize)
      return serialize
    }
  }) as BuildSerializer,
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
