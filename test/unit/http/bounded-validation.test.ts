import { type TSchema, Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { maxErrors } from '../../../src/http/bounded-validation.ts'
import { compilersFactory } from '../../../src/http/compilers.ts'
import { sendProblem } from '../../../src/http/problem.ts'
import { rejectUnsafeText } from '../../../src/http/text-validation.ts'
import { jobFields } from '../../../src/vocabulary/spec.ts'
import { cpuMsOf } from '../../support/cpu-time.ts'

interface Fault {
  instancePath: string
  keyword: string
}
type Validate = ((data: unknown) => boolean) & { errors?: Fault[] | null }

const job = Type.Object(jobFields, { additionalProperties: false })
const choice = Type.Object({
  either: Type.Union([Type.Object({ a: Type.String() }), Type.Object({ b: Type.Array(Type.Integer()) })]),
})

function validatorOf(schema: TSchema, httpPart = 'body'): Validate {
  const build = compilersFactory.buildValidator?.({}, {}) as unknown as (route: object) => Validate
  return build({ schema, method: 'POST', url: '/', httpPart })
}

function faultsOf(schema: TSchema, data: unknown): string[] {
  const validate = validatorOf(schema)
  validate(data)
  return (validate.errors ?? []).map(({ keyword, instancePath }) => `${keyword} ${instancePath}`)
}

const many = 340_000
const named = (count: number, value: unknown) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`NAME ${index}`, value]))

/** A list that counts how often anything of it is read. */
function counted(length: number, item: unknown) {
  let reads = 0
  const list = new Proxy(new Array(length).fill(item), {
    get(target, key) {
      if (/^\d+$/.test(String(key))) reads += 1
      return Reflect.get(target, key)
    },
  })
  return { list, reads: () => reads }
}

describe('a body of ordinary size', () => {
  it('is told all that is wrong with it, wherever that is', () => {
    const body = { name: 7, inputs: [{}, { source: '', path: 'p', x: 1 }], labels: { a: 1 }, ports: [{ port: 0 }] }
    expect(faultsOf(job, body)).toEqual([
      'additionalProperties ',
      'type /name',
      'required /inputs/0',
      'required /inputs/0',
      'additionalProperties /inputs/1',
      'minLength /inputs/1/source',
      'minimum /ports/0/port',
    ])
  })

  it('is told no more faults than are answered', () => {
    expect(faultsOf(job, { name: 'a', inputs: Array(700).fill(7) })).toHaveLength(maxErrors)
  })
})

describe('a large body', () => {
  it.each([
    ['inputs that are none', { name: 'a', inputs: Array(many).fill(7) }, 'maxItems /inputs'],
    ['inputs without anything in them', { name: 'a', inputs: Array(many).fill({}) }, 'maxItems /inputs'],
    ['fields that nobody knows', named(100_000, 7), 'additionalProperties '],
    [
      'variables with bad names',
      { name: 'a', environmentVariables: named(100_000, 'x') },
      'maxProperties /environmentVariables',
    ],
    [
      'ports with fields that nobody knows',
      { name: 'a', ports: Array(30).fill(named(3000, 1)) },
      'additionalProperties /ports/0',
    ],
  ])('costs as much as its first faults: %s', (_what, body, fault) => {
    const validate = validatorOf(job)
    validate({})
    expect(cpuMsOf(() => validate(body))).toBeLessThan(1000)
    expect(validate.errors?.length).toBeLessThanOrEqual(maxErrors)
    expect(validate.errors?.map(({ keyword, instancePath }) => `${keyword} ${instancePath}`)).toContain(fault)
  })

  it.each([7, {}, { source: 's', path: 'p', more: 1 }])('is read no further than for its faults: %j', (item) => {
    const { list, reads } = counted(many, item)
    expect(validatorOf(job)({ name: 'a', inputs: list })).toBe(false)
    expect(reads()).toBeLessThan(10_000)
  })

  it('with more faults than are answered is told as many as that', () => {
    expect(faultsOf(job, { name: 'a', inputs: Array(many).fill(7) })).toHaveLength(maxErrors)
  })

  it('is valid when it is', () => {
    const rows = Type.Object({ rows: Type.Array(Type.Integer()) })
    expect(validatorOf(rows)({ rows: Array(many).fill(7) })).toBe(true)
    expect(faultsOf(rows, { rows: [...Array(many).fill(7), 'x'] })).toEqual([`type /rows/${many}`])
    expect(validatorOf(choice)({ either: { b: Array(many).fill(7) } })).toBe(true)
  })

  it('is not told that something is missing which comes later in it', () => {
    const late = { ...named(100_000, 1), name: 'a' }
    expect(faultsOf(job, late)).not.toContain('required ')
    const list = Array.from({ length: 3000 }, () => ({ source: 's', path: 'p' }))
    expect(faultsOf(job, { name: 'a', inputs: list })).toEqual(['maxItems /inputs'])
    const items = { extra: named(3000, 1), either: { b: [1] } }
    expect(
      faultsOf(Type.Object({ ...choice.properties, extra: Type.Object({}, { maxProperties: 1 }) }), items),
    ).toEqual(['maxProperties /extra'])
  })
})

it('costs a query no more either', () => {
  const query = Type.Object({ ids: Type.Array(Type.Integer(), { maxItems: 5 }) }, { additionalProperties: false })
  const validate = validatorOf(query, 'querystring')
  expect(validate({ ids: Array(8000).fill('x') })).toBe(false)
  expect(validate.errors).toHaveLength(maxErrors)
})

describe('a megabyte of invalid inputs over HTTP', () => {
  it('is answered with 50 faults, and takes no more time than to read it', async () => {
    const app = Fastify({ schemaController: { compilersFactory }, bodyLimit: 2_000_000 })
    app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply))
    app.addHook('preValidation', async (request) => rejectUnsafeText(request))
    app.post('/jobs', { schema: { body: job } }, async () => 'taken')
    const payload = JSON.stringify({ name: 'a', inputs: Array(many).fill(77) })
    const before = process.cpuUsage()
    const answer = await app.inject({
      method: 'POST',
      url: '/jobs',
      headers: { 'content-type': 'application/json' },
      payload,
    })
    const { user, system } = process.cpuUsage(before)
    expect(answer.statusCode).toBe(400)
    expect(answer.json().errors).toHaveLength(maxErrors)
    expect(answer.json().detail).toBe('/inputs must NOT have more than 64 items. (and at least 49 more)')
    expect((user + system) / 1000).toBeLessThan(2000)
    await app.close()
  })

  it('is told the beginning of a name that nobody knows', async () => {
    const app = Fastify({ schemaController: { compilersFactory } })
    app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply))
    app.post('/jobs', { schema: { body: job } }, async () => 'taken')
    const answer = await app.inject({ method: 'POST', url: '/jobs', payload: { name: 'a', ['x'.repeat(500_000)]: 1 } })
    expect(answer.json().errors[0].pointer).toBe(`/${'x'.repeat(256)}…`)
    await app.close()
  })
})
