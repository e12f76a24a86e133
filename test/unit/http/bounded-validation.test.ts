import { type TSchema, Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { maxErrors } from '../../../src/http/bounded-validation.ts'
import { compilersFactory } from '../../../src/http/compilers.ts'
import { sendProblem } from '../../../src/http/problem.ts'
import { rejectUnsafeText } from '../../../src/http/text-validation.ts'
import { jobFields } from '../../../src/vocabulary/spec.ts'
import { cpuMsOf } from '../../support/cpu-time.ts'

interface ValidationError {
  instancePath: string
  keyword: string
}
type Validate = ((data: unknown) => boolean) & { errors?: ValidationError[] | null }

const job = Type.Object(jobFields, { additionalProperties: false })
const choice = Type.Object({
  either: Type.Union([Type.Object({ a: Type.String() }), Type.Object({ b: Type.Array(Type.Integer()) })]),
})

function validatorOf(schema: TSchema, httpPart = 'body'): Validate {
  const build = compilersFactory.buildValidator?.({}, {}) as unknown as (route: object) => Validate
  return build({ schema, method: 'POST', url: '/', httpPart })
}

function errorsOf(schema: TSchema, data: unknown): string[] {
  const validate = validatorOf(schema)
  validate(data)
  return (validate.errors ?? []).map(({ keyword, instancePath }) => `${keyword} ${instancePath}`)
}

const many = 340_000
const named = (count: number, value: unknown) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`NAME ${index}`, value]))

/** A list that counts reads of its items. */
function countingList(length: number, item: unknown) {
  let reads = 0
  const list = new Proxy(new Array(length).fill(item), {
    get(target, key) {
      if (/^\d+$/.test(String(key))) reads += 1
      return Reflect.get(target, key)
    },
  })
  return { list, reads: () => reads }
}

describe('validation of a small body', () => {
  it('reports all errors at any depth', () => {
    const body = { name: 7, inputs: [{}, { source: '', path: 'p', x: 1 }], labels: { a: 1 }, ports: [{ port: 0 }] }
    expect(errorsOf(job, body)).toEqual([
      'additionalProperties ',
      'type /name',
      'required /inputs/0',
      'required /inputs/0',
      'additionalProperties /inputs/1',
      'minLength /inputs/1/source',
      'minimum /ports/0/port',
    ])
  })

  it('reports no more than the maximum number of errors', () => {
    expect(errorsOf(job, { name: 'a', inputs: Array(700).fill(7) })).toHaveLength(maxErrors)
  })
})

describe('validation of a large body', () => {
  it.each([
    ['inputs of the wrong type', { name: 'a', inputs: Array(many).fill(7) }, 'maxItems /inputs'],
    ['empty inputs', { name: 'a', inputs: Array(many).fill({}) }, 'maxItems /inputs'],
    ['unknown fields', named(100_000, 7), 'additionalProperties '],
    [
      'variables with invalid names',
      { name: 'a', environmentVariables: named(100_000, 'x') },
      'maxProperties /environmentVariables',
    ],
    [
      'ports with unknown fields',
      { name: 'a', ports: Array(30).fill(named(3000, 1)) },
      'additionalProperties /ports/0',
    ],
  ])('takes less than a second of CPU time for %s', (_what, body, expected) => {
    const validate = validatorOf(job)
    validate({})
    expect(cpuMsOf(() => validate(body))).toBeLessThan(1000)
    expect(validate.errors?.length).toBeLessThanOrEqual(maxErrors)
    expect(validate.errors?.map(({ keyword, instancePath }) => `${keyword} ${instancePath}`)).toContain(expected)
  })

  it.each([7, {}, { source: 's', path: 'p', more: 1 }])('reads fewer than 10,000 items of a list of %j', (item) => {
    const { list, reads } = countingList(many, item)
    expect(validatorOf(job)({ name: 'a', inputs: list })).toBe(false)
    expect(reads()).toBeLessThan(10_000)
  })

  it('reports exactly the maximum number of errors', () => {
    expect(errorsOf(job, { name: 'a', inputs: Array(many).fill(7) })).toHaveLength(maxErrors)
  })

  it('accepts a valid body and finds an error in the last item', () => {
    const rows = Type.Object({ rows: Type.Array(Type.Integer()) })
    expect(validatorOf(rows)({ rows: Array(many).fill(7) })).toBe(true)
    expect(errorsOf(rows, { rows: [...Array(many).fill(7), 'x'] })).toEqual([`type /rows/${many}`])
    expect(validatorOf(choice)({ either: { b: Array(many).fill(7) } })).toBe(true)
  })

  it('does not report fields as missing that come later in the body', () => {
    const late = { ...named(100_000, 1), name: 'a' }
    expect(errorsOf(job, late)).not.toContain('required ')
    const list = Array.from({ length: 3000 }, () => ({ source: 's', path: 'p' }))
    expect(errorsOf(job, { name: 'a', inputs: list })).toEqual(['maxItems /inputs'])
    const items = { extra: named(3000, 1), either: { b: [1] } }
    expect(
      errorsOf(Type.Object({ ...choice.properties, extra: Type.Object({}, { maxProperties: 1 }) }), items),
    ).toEqual(['maxProperties /extra'])
  })
})

it('limits the number of errors of a query', () => {
  const query = Type.Object({ ids: Type.Array(Type.Integer(), { maxItems: 5 }) }, { additionalProperties: false })
  const validate = validatorOf(query, 'querystring')
  expect(validate({ ids: Array(8000).fill('x') })).toBe(false)
  expect(validate.errors).toHaveLength(maxErrors)
})

describe('HTTP request with an invalid body', () => {
  it('returns the maximum number of errors for a megabyte within 2 s of CPU time', async () => {
    const app = Fastify({ schemaController: { compilersFactory }, bodyLimit: 2_000_000 })
    app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply))
    app.addHook('preValidation', async (request) => rejectUnsafeText(request))
    app.post('/jobs', { schema: { body: job } }, async () => 'accepted')
    const payload = JSON.stringify({ name: 'a', inputs: Array(many).fill(77) })
    const before = process.cpuUsage()
    const response = await app.inject({
      method: 'POST',
      url: '/jobs',
      headers: { 'content-type': 'application/json' },
      payload,
    })
    const { user, system } = process.cpuUsage(before)
    expect(response.statusCode).toBe(400)
    expect(response.json().errors).toHaveLength(maxErrors)
    expect(response.json().detail).toBe('/inputs must NOT have more than 64 items. (and at least 49 more)')
    expect((user + system) / 1000).toBeLessThan(2000)
    await app.close()
  })

  it('truncates a long unknown field name in the pointer', async () => {
    const app = Fastify({ schemaController: { compilersFactory } })
    app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply))
    app.post('/jobs', { schema: { body: job } }, async () => 'accepted')
    const response = await app.inject({
      method: 'POST',
      url: '/jobs',
      payload: { name: 'a', ['x'.repeat(500_000)]: 1 },
    })
    expect(response.json().errors[0].pointer).toBe(`/${'x'.repeat(256)}…`)
    await app.close()
  })
})
