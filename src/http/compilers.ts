import AjvCompiler from '@fastify/ajv-compiler'
import SerializerCompiler from '@fastify/fast-json-stringify-compiler'
import type { FastifyServerOptions } from 'fastify'
import { boundedValidation, type Validate } from './bounded-validation.ts'

type CompilersFactory = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>
type BuildValidator = NonNullable<CompilersFactory['buildValidator']>
type BuildSerializer = NonNullable<CompilersFactory['buildSerializer']>
type SharedSchemas = Parameters<ReturnType<typeof AjvCompiler>>[0]
type Serialize = (data: unknown) => string

/** Schemas are not validated at runtime: they come from the routes, and `npm run openapi:lint` checks them. */
const unexamined = { meta: false, validateSchema: false } as const
/** Annotations for the OpenAPI document. */
const keywords = ['x-key-pattern', 'x-closed', 'x-event-schema', 'x-line-schema']
const common = { removeAdditional: false, verbose: true, keywords, ...unexamined } as const

/**
 * Compiles validators and serializers on first use, one per schema, shared by all routes and by all servers of a
 * process. Compiling them per route took four seconds of CPU at every start.
 */
export const compilersFactory: CompilersFactory = {
  buildValidator: oneForEachSet(makeValidators) as BuildValidator,
  buildSerializer: oneForEachSet(makeSerializers) as BuildSerializer,
}

/** Bodies are not coerced; query, path and header values are text and are coerced to the schema's type. */
function makeValidators(sharedSchemas: SharedSchemas) {
  const build = AjvCompiler()
  const compilers = (options: object) => {
    const compiler = (allErrors: boolean) =>
      once(() => build(sharedSchemas, { customOptions: { ...common, ...options, allErrors } }))
    const [all, first] = [compiler(true), compiler(false)]
    return oneForEach((schema: object) => ({
      all: once(() => all()({ schema } as never) as Validate),
      first: once(() => first()({ schema } as never) as Validate),
    }))
  }
  const strict = compilers({ coerceTypes: false, useDefaults: false })
  const lenient = compilers({ coerceTypes: 'array', useDefaults: true })
  return ({ schema, httpPart }: { schema: object; httpPart?: string }) =>
    boundedValidation((httpPart === 'body' ? strict : lenient)(schema))
}

function makeSerializers(sharedSchemas: object) {
  const build = once(() => SerializerCompiler()(sharedSchemas as never, undefined as never))
  const serializer = oneForEach((schema: object): Serialize => {
    const compile = once(() => build()({ schema } as never) as Serialize)
    return (data) => compile()(data)
  })
  // Response headers exist only for the OpenAPI document; they are not part of the body.
  return ({ schema }: { schema: object }) => serializer({ ...schema, headers: undefined })
}

/** Fastify requests compilers for each route again, with the same schemas in a new set. */
function oneForEachSet<S extends object, T>(make: (schemas: S) => T): (schemas: S) => T {
  const resultOf = oneForEach(make)
  let last: { schemas: unknown[]; result: T } | undefined
  return (set) => {
    const schemas = Object.values(set)
    const isLast = schemas.length === last?.schemas.length && schemas.every((one, at) => one === last?.schemas[at])
    if (last === undefined || !isLast) last = { schemas, result: resultOf(set) }
    return last.result
  }
}

/** Caches a result per schema, by its JSON text. */
function oneForEach<S, T>(make: (schema: S) => T): (schema: S) => T {
  const result = new Map<string, T>()
  return (schema) => {
    const text = JSON.stringify(schema)
    const known = result.get(text)
    if (known !== undefined) return known
    const value = make(schema)
    result.set(text, value)
    return value
  }
}

function once<T>(make: () => T): () => T {
  let result: { value: T } | undefined
  return () => {
    result ??= { value: make() }
    return result.value
  }
}
