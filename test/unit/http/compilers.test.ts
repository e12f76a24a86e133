import { type TSchema, Type } from '@sinclair/typebox'
import { describe, expect, it } from 'vitest'
import { compilersFactory } from '../../../src/http/compilers.ts'

const shared = { Named: Type.Object({ name: Type.String() }, { $id: 'Named' }) }

type Validate = ((data: unknown) => boolean) & { errors?: { instancePath: string }[] | null }
type Serialize = (data: unknown) => string

function validatorOf(httpPart: string, schema: TSchema): Validate {
  return validators({ schema, method: 'GET', url: '/', httpPart }) as Validate
}
const validators = compilersFactory.buildValidator?.(shared, {}) as (route: object) => unknown

function serializerOf(schema: object, sharedSchemas: object = shared): Serialize {
  const serializers = compilersFactory.buildSerializer?.(sharedSchemas, {} as never) as (route: object) => unknown
  return serializers({ schema, method: 'GET', url: '/', httpStatus: '200' }) as Serialize
}

const page = Type.Object(
  { limit: Type.Optional(Type.Integer({ default: 50 })), ids: Type.Optional(Type.Array(Type.String())) },
  { additionalProperties: false },
)

describe('a validator', () => {
  it('takes a body as it is', () => {
    const body = {}
    expect(validatorOf('body', page)(body)).toBe(true)
    expect(body).toEqual({})
    expect(validatorOf('body', page)({ limit: '7' })).toBe(false)
    expect(validatorOf('body', page)({ ids: 'a' })).toBe(false)
  })

  it.each(['querystring', 'params', 'headers'])('makes of the text of %s what the schema says', (httpPart) => {
    const data = { limit: '7', ids: 'a' }
    expect(validatorOf(httpPart, page)(data)).toBe(true)
    expect(data).toEqual({ limit: 7, ids: ['a'] })
    const empty = {}
    expect(validatorOf(httpPart, page)(empty)).toBe(true)
    expect(empty).toEqual({ limit: 50 })
  })

  it.each(['body', 'querystring'])('refuses what nobody knows in a %s instead of dropping it', (httpPart) => {
    const data = { nonsense: '1' }
    expect(validatorOf(httpPart, page)(data)).toBe(false)
    expect(data).toHaveProperty('nonsense')
  })

  it('reports all that is wrong with this call, and nothing of another', () => {
    const [one, other] = [validatorOf('body', page), validatorOf('body', page)]
    expect(one({ limit: 'x', ids: 7 })).toBe(false)
    expect(one.errors?.map(({ instancePath }) => instancePath)).toEqual(['/limit', '/ids'])
    expect(other({ ids: 7 })).toBe(false)
    expect(one.errors).toHaveLength(2)
    expect(other.errors?.map(({ instancePath }) => instancePath)).toEqual(['/ids'])
    expect(one({})).toBe(true)
    expect(one.errors).toBeNull()
  })

  it('knows the schemas that routes share', () => {
    const named = validatorOf('body', Type.Ref('Named'))
    expect([named({ name: 'a' }), named({})]).toEqual([true, false])
  })
})

describe('a serializer', () => {
  it('is one for all routes with its schema, whatever headers they document', () => {
    const serialize = serializerOf(Type.Ref('Named'))
    expect(serializerOf(Type.Ref('Named'))).toBe(serialize)
    expect(serializerOf({ ...Type.Ref('Named'), headers: { ETag: Type.String() } })).toBe(serialize)
    expect(serializerOf(page)).not.toBe(serialize)
  })

  it('is one for all compilers that are asked for with schemas that read the same', () => {
    const serialize = serializerOf(Type.Ref('Named'))
    expect(serializerOf(Type.Ref('Named'), { ...shared })).toBe(serialize)
    expect(serializerOf(Type.Ref('Named'), structuredClone(shared))).toBe(serialize)
  })

  it('follows the schemas that it was asked for with', () => {
    const others = { Named: Type.Object({ title: Type.String() }, { $id: 'Named' }) }
    const both = { name: 'a', title: 'b' }
    expect(serializerOf(Type.Ref('Named'), others)(both)).toBe('{"title":"b"}')
    expect(serializerOf(Type.Ref('Named'))(both)).toBe('{"name":"a"}')
  })

  it('writes what its schema names and no more', () => {
    expect(serializerOf(Type.Ref('Named'))({ name: 'a', secret: 'b' })).toBe('{"name":"a"}')
    expect(serializerOf({ ...Type.Ref('Named'), headers: { ETag: Type.String() } })({ name: 'a' })).toBe('{"name":"a"}')
  })
})
