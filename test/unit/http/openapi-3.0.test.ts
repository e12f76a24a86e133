import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { OpenApiDocument } from '../../../src/openapi/document.ts'
import { asOpenApi30 } from '../../../src/openapi/openapi-3.0.ts'
import { document, type Schema } from '../../support/contract.ts'

type Json = Record<string, unknown>

function translated(schema: Json): Json {
  const document31 = { openapi: '3.1.0', info: {}, paths: {}, components: { schemas: { A: schema } } }
  const { components } = asOpenApi30(document31) as { components: { schemas: { A: Json } } }
  return components.schemas.A
}

it.each([
  [{ anyOf: [{ type: 'string', maxLength: 9 }, { type: 'null' }] }, { type: 'string', maxLength: 9, nullable: true }],
  [{ anyOf: [{ $ref: '#/x' }, { type: 'null' }] }, { type: 'object', allOf: [{ $ref: '#/x' }], nullable: true }],
  [
    { type: 'string', examples: ['a', 'b'] },
    { type: 'string', example: 'a' },
  ],
  [
    { $ref: '#/x', description: 'Why.' },
    { allOf: [{ $ref: '#/x' }], description: 'Why.' },
  ],
  [{ $ref: '#/x' }, { $ref: '#/x' }],
  [
    {
      type: 'object',
      propertyNames: { pattern: '^a' },
      additionalProperties: { anyOf: [{ type: 'string' }, { type: 'null' }] },
    },
    { type: 'object', additionalProperties: { type: 'string', nullable: true } },
  ],
  [
    { type: 'object', properties: { examples: { type: 'string', examples: [1] }, anyOf: { type: 'array' } } },
    { type: 'object', properties: { examples: { type: 'string', example: 1 }, anyOf: { type: 'array' } } },
  ],
])('converts %j to %j', (schema, expected) => {
  expect(translated(schema)).toEqual(expected)
})

it('keeps example values that look like schemas', () => {
  const value = { schema: { propertyNames: {} }, items: { anyOf: [{ type: 'null' }] } }
  const media = { schema: { type: 'object' }, examples: { one: { value } } }
  const post = { operationId: 'a', responses: {}, requestBody: { content: { 'application/json': media } } }
  const rendered = asOpenApi30({ paths: { '/a': { post } }, components: { schemas: {} } })
  expect(rendered).toMatchObject({ paths: { '/a': { post } } })
})

it('the published 3.0 document has every operation and no 3.1 keywords', () => {
  const file = new URL('../../../openapi/openapi-3.0.json', import.meta.url)
  const text = readFileSync(file, 'utf8')
  const rendered = JSON.parse(text)
  expect(rendered).toEqual(asOpenApi30(document as unknown as OpenApiDocument))
  expect(rendered.openapi).toBe('3.0.3')
  expect(rendered).not.toHaveProperty('webhooks')
  expect(rendered).toHaveProperty('x-webhooks.event.post.operationId', 'receiveWebhook')
  expect(Object.keys(rendered.paths)).toEqual(Object.keys(document.paths))
  expect(text).not.toMatch(/"(const|patternProperties|propertyNames|identifier)":|"type": \[/)
})

/** Keywords with the same meaning in 3.0. */
const sameIn30 = [
  ...[
    'additionalProperties',
    'description',
    'enum',
    'format',
    'items',
    'maxItems',
    'maxLength',
    'maxProperties',
    'maximum',
  ],
  ...['minItems', 'minLength', 'minProperties', 'minimum', 'pattern', 'properties', 'required', 'type', 'uniqueItems'],
  ...['writeOnly', 'deprecated', 'x-extensible-enum', 'x-event-schema', 'x-line-schema'],
]
const translatedTo30 = ['$ref', 'anyOf', 'examples', 'propertyNames']

/** A schema and all schemas inside it. */
function withInner(schema: Schema): readonly Schema[] {
  const { properties = {}, anyOf = [], items, additionalProperties, propertyNames } = schema
  const inner = [...Object.values(properties), ...anyOf, items, additionalProperties, propertyNames]
  return [schema, ...inner.flatMap((each) => (typeof each === 'object' ? withInner(each) : []))]
}

/** The schemas of parameters, headers and bodies, without examples. */
function schemasIn(part: unknown): readonly Schema[] {
  if (typeof part !== 'object' || part === null) return []
  return Object.entries(part).flatMap(([key, inner]) => {
    if (key === 'examples') return []
    return key === 'schema' ? withInner(inner) : schemasIn(inner)
  })
}

it('the published 3.1 document uses only keywords that the conversion supports', () => {
  const { schemas, ...components } = document.components
  const all = [...Object.values(schemas).flatMap(withInner), ...schemasIn({ ...document, components })]
  const found = new Set(all.flatMap((schema) => Object.keys(schema)))
  expect([...found].filter((keyword) => ![...sameIn30, ...translatedTo30].includes(keyword))).toEqual([])
  expect(translatedTo30.filter((keyword) => !found.has(keyword))).toEqual([])
  expect(all.filter(({ type }) => Array.isArray(type))).toEqual([])
})
