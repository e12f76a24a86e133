import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { OpenApiDocument } from '../../../src/openapi/document.ts'
import { asOpenApi30 } from '../../../src/openapi/openapi-3.0.ts'
import { document } from '../../support/contract.ts'

type Json = Record<string, unknown>

function translated(schema: Json): Json {
  const whole = { openapi: '3.1.0', info: {}, paths: {}, components: { schemas: { A: schema } } }
  const { components } = asOpenApi30(whole) as { components: { schemas: { A: Json } } }
  return components.schemas.A
}

it.each([
  [{ type: ['string', 'null'] }, { type: 'string', nullable: true }],
  [{ type: ['string', 'number'] }, { anyOf: [{ type: 'string' }, { type: 'number' }] }],
  [{ anyOf: [{ type: 'string', maxLength: 9 }, { type: 'null' }] }, { type: 'string', maxLength: 9, nullable: true }],
  [{ anyOf: [{ $ref: '#/x' }, { type: 'null' }] }, { type: 'object', allOf: [{ $ref: '#/x' }], nullable: true }],
  [
    { const: 'ok', type: 'string' },
    { enum: ['ok'], type: 'string' },
  ],
  [
    { type: 'integer', exclusiveMinimum: 0 },
    { type: 'integer', minimum: 0, exclusiveMinimum: true },
  ],
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
    { type: 'object', patternProperties: { '^a': { const: 1 } }, additionalProperties: false },
    { type: 'object', additionalProperties: { enum: [1] } },
  ],
  [
    { type: 'object', propertyNames: { pattern: '^a' }, additionalProperties: { type: ['string', 'null'] } },
    { type: 'object', additionalProperties: { type: 'string', nullable: true } },
  ],
  [
    { type: 'object', properties: { examples: { const: 1 }, type: { type: 'array', items: { const: 2 } } } },
    { type: 'object', properties: { examples: { enum: [1] }, type: { type: 'array', items: { enum: [2] } } } },
  ],
])('renders %j as %j', (schema, expected) => {
  expect(translated(schema)).toEqual(expected)
})

it('example values pass through unchanged, even if they look like schemas', () => {
  const value = { schema: { const: 1 }, items: { type: ['string', 'null'] } }
  const media = { schema: { type: 'object' }, examples: { one: { value } } }
  const post = { operationId: 'a', responses: {}, requestBody: { content: { 'application/json': media } } }
  const rendered = asOpenApi30({ paths: { '/a': { post } }, components: { schemas: {} } })
  expect(rendered).toMatchObject({ paths: { '/a': { post } } })
})

it('the published rendering has every operation, and nothing that 3.0 lacks', () => {
  const file = new URL('../../../openapi/openapi-3.0.json', import.meta.url)
  const text = readFileSync(file, 'utf8')
  const rendered = JSON.parse(text)
  expect(rendered).toEqual(asOpenApi30(document as unknown as OpenApiDocument))
  expect(rendered.openapi).toBe('3.0.3')
  expect(rendered).not.toHaveProperty('webhooks')
  expect(Object.keys(rendered.paths)).toEqual(Object.keys(document.paths))
  expect(text).not.toMatch(/"(const|patternProperties|propertyNames|identifier)":|"type": \[/)
})
