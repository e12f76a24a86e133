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

describe('validator', () => {
  it('does not coerce a body or add defaults', () => {
    const body = {}
    expect(validatorOf('body', page)(body)).toBe(true)
    expect(body).toEqual({})
    expect(validatorOf('body', page)({ limit: '7' })).toBe(false)
    expect(validatorOf('body', page)({ ids: 'a' })).toBe(false)
  })

  it.each(['querystring', 'params', 'headers'])('coerces the text of %s and adds defaults', (httpPart) => {
    const data = { limit: '7', ids: 'a' }
    expect(validatorOf(httpPart, page)(data)).toBe(true)
    expect(data).toEqual({ limit: 7, ids: ['a'] })
    const empty = {}
    expect(validatorOf(httpPart, page)(empty)).toBe(true)
    expect(empty).toEqual({ limit: 50 })
  })

  it.each(['body', 'querystring'])('rejects an unknown field in a %s instead of removing it', (httpPart) => {
    const data = { unknown: '1' }
    expect(validatorOf(httpPart, page)(data)).toBe(false)
    expect(data).toHaveProperty('unknown')
  })

  it('reports all errors of the current call only', () => {
    const [one, other] = [validatorOf('body', page), validatorOf('body', page)]
    expect(one({ limit: 'x', ids: 7 })).toBe(false)
    expect(one.errors?.map(({ instancePath }) => instancePath)).toEqual(['/limit', '/ids'])
    expect(other({ ids: 7 })).toBe(false)
    expect(one.errors).toHaveLength(2)
    expect(other.errors?.map(({ instancePath }) => instancePath)).toEqual(['/ids'])
    expect(one({})).toBe(true)
    expect(one.errors).toBeNull()
  })

  it('resolves shared schemas', () => {
    const named = validatorOf('body', Type.Ref('Named'))
    expect([named({ name: 'a' }), named({})]).toEqual([true, false])
  })
})

describe('serializer', () => {
  it('is reused for routes with the same schema, regardless of headers', () => {
    const serialize = serializerOf(Type.Ref('Named'))
    expect(serializerOf(Type.Ref('Named'))).toBe(serialize)
    expect(serializerOf({ ...Type.Ref('Named'), headers: { ETag: Type.String() } })).toBe(serialize)
    expect(serializerOf(page)).not.toBe(serialize)
  })

  it('is reused for compilers with equal shared schemas', () => {
    const serialize = serializerOf(Type.Ref('Named'))
    expect(serializerOf(Type.Ref('Named'), { ...shared })).toBe(serialize)
    expect(serializerOf(Type.Ref('Named'), structuredClone(shared))).toBe(serialize)
  })

  it('uses the shared schemas of its compiler', () => {
    const others = { Named: Type.Object({ title: Type.String() }, { $id: 'Named' }) }
    const both = { name: 'a', title: 'b' }
    expect(serializerOf(Type.Ref('Named'), others)(both)).toBe('{"title":"b"}')
    expect(serializerOf(Type.Ref('Named'))(both)).toBe('{"name":"a"}')
  })

  it('writes only the fields of its schema', () => {
    expect(serializerOf(Type.Ref('Named'))({ name: 'a', secret: 'b' })).toBe('{"name":"a"}')
    expect(serializerOf({ ...Type.Ref('Named'), headers: { ETag: Type.String() } })({ name: 'a' })).toBe('{"name":"a"}')
  })
})
