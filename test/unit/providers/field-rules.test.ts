import { type TSchema, Type } from '@sinclair/typebox'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dataforestProvider } from '../../../src/providers/dataforest/index.ts'
import {
  checkSpec,
  neutralValues,
  type SpecRules,
  withDefaults,
  withDefaultsInside,
} from '../../../src/providers/field-rules.ts'
import { providers } from '../../../src/providers/registry.ts'
import {
  type EnvironmentSpec,
  environmentFields,
  fieldPaths,
  type JobSpec,
  jobFields,
} from '../../../src/vocabulary/spec.ts'
import { makeFixedClock } from '../../support/fixed-clock.ts'

const rules: SpecRules<'job'> = {
  provider: 'acme',
  accepts: {
    image: { to: 'img', required: true, pattern: '^[a-z]+:[0-9]+$', note: 'name and number' },
    environmentVariables: { to: 'env', maxLength: 3, maxItems: 2 },
    command: { to: 'cmd', maxLength: 5 },
    queue: { to: 'q', default: 'main', values: ['main', 'other'] },
    'resources.cpus': { to: 'cpu', required: true, minimum: 1, maximum: 8, default: 2 },
    inputs: { to: 'in', maxItems: 2 },
    'inputs.name': { to: 'in[].name', required: true, minLength: 2 },
    'inputs.source': { to: 'in[].src' },
    'inputs.path': { to: 'in[].path' },
    outputs: { to: 'out' },
    'outputs.destination': { to: 'out[].dst' },
    'outputs.path': { to: 'out[].path' },
    'storage.type': { to: 'st', required: true },
  },
  options: Type.Object({ zone: Type.Optional(Type.String({ maxLength: 2 })) }, { additionalProperties: false }),
}
const good: JobSpec = { name: 'x', image: 'a:1', resources: { cpus: 1 } }
const problems = (spec: object) => checkSpec(rules, spec as JobSpec)
const codes = (spec: object) => problems({ ...good, ...spec }).map(({ pointer, code }) => `${pointer} ${code}`)

describe('checking a spec against a driver', () => {
  it('tells twenty faults of options, and looks for no more', () => {
    let reads = 0
    const zones = new Proxy(new Array(340_000).fill(7), {
      get(target, key) {
        if (/^\d+$/.test(String(key))) reads += 1
        return Reflect.get(target, key)
      },
    })
    const options = Type.Object({ zones: Type.Array(Type.String()) })
    const told = checkSpec({ ...rules, options }, { ...good, providerOptions: { acme: { zones } } })
    expect(told.map(({ code }) => code)).toEqual(Array(20).fill('invalid_option'))
    expect(reads).toBeLessThan(1000)
  })

  it('finds nothing wrong with what fits', () => {
    expect(
      codes({ queue: 'main', description: 'kept here', command: ['ls'], environmentVariables: { A: '1' } }),
    ).toEqual([])
  })

  it.each([
    [{ script: 'x' }, '/script unsupported'],
    [{ resources: { cpus: 1, nodes: 2 } }, '/resources/nodes unsupported'],
    [{ mounts: [{ source: '/a', path: '/b' }] }, '/mounts unsupported'],
    [{ outputs: [{ destination: 'a', path: 'b', overwrite: true }] }, '/outputs/0/overwrite unsupported'],
    [{ image: undefined }, '/image required'],
    [{ resources: undefined }, '/resources/cpus required'],
    [
      {
        inputs: [
          { name: 'ok', source: 'a', path: 'b' },
          { source: 'a', path: 'b' },
        ],
      },
      '/inputs/1/name required',
    ],
    [{ inputs: [{ name: 'x', source: 'a', path: 'b' }] }, '/inputs/0/name too_short'],
    [{ inputs: Array(3).fill({ name: 'xx', source: 'a', path: 'b' }) }, '/inputs too_many'],
    [{ image: 'nope' }, '/image pattern'],
    [{ queue: 'third' }, '/queue not_allowed'],
    [{ resources: { cpus: 0 } }, '/resources/cpus too_small'],
    [{ resources: { cpus: 9 } }, '/resources/cpus too_big'],
    [{ command: ['ls', 'longer'] }, '/command/1 too_long'],
    [{ environmentVariables: { 'a/b~c': 'long' } }, '/environmentVariables/a~1b~0c too_long'],
    [{ environmentVariables: { A: '1', B: '2', C: '3' } }, '/environmentVariables too_many'],
    [{ providerOptions: { other: {} } }, '/providerOptions/other unsupported'],
    [{ providerOptions: { acme: { zone: 'far' } } }, '/providerOptions/acme/zone invalid_option'],
    [{ providerOptions: { acme: { zoen: 'a' } } }, '/providerOptions/acme/zoen invalid_option'],
  ])('%o: %s', (spec, expected) => {
    expect(codes(spec)).toEqual([expected])
  })

  it('passes what says nothing: the defaults of the vocabulary, empty lists', () => {
    const spec = { mounts: [], ports: [], resources: { cpus: 1, nodes: 1 } }
    expect(codes({ ...spec, outputs: [{ destination: 'a', path: 'b', overwrite: false }] })).toEqual([])
  })

  it('knows the defaults of the vocabulary', () => {
    const found: Record<string, unknown> = {}
    for (const path of fieldPaths) {
      const value = defaultAt({ ...jobFields, ...environmentFields }, path)
      if (value !== undefined) found[path] = value
    }
    expect(neutralValues).toEqual(found)
  })

  it('asks for parts of an object only where the object is there', () => {
    const accepts = { storage: { to: 'st' }, 'storage.type': { to: 'st.type', required: true as const } }
    const check = (spec: object) =>
      checkSpec({ provider: 'acme', accepts }, spec as JobSpec).map((each) => each.pointer)
    expect(check({ name: 'x' })).toEqual([])
    expect(check({ name: 'x', storage: { sizeGiB: 1 } })).toEqual(['/storage/type', '/storage/sizeGiB'])
  })

  it('knows the rules between fields', () => {
    const accepts = Object.fromEntries(fieldPaths.map((path) => [path, { to: '' }]))
    const check = (spec: object) => checkSpec({ provider: 'acme', accepts }, { name: 'x', ...spec } as JobSpec)
    expect(check({ command: ['a'], script: 'b' })).toMatchObject([{ pointer: '/script', code: 'exclusive' }])
    expect(check({ resources: { flavor: 'f', cpus: 1, accelerator: { count: 1 } } })).toMatchObject([
      { pointer: '/resources/cpus' },
      { pointer: '/resources/accelerator' },
    ])
    expect(check({ command: ['é'.repeat(32_768)] })).toEqual([])
    expect(check({ command: ['é'.repeat(32_768), 'a'] })).toMatchObject([{ pointer: '/command', code: 'too_long' }])
  })

  it('says what was sent, the rule and what to do, but repeats nothing that may be secret', () => {
    const [image] = problems({ ...good, image: `X${'y'.repeat(200)}` })
    expect(image?.detail).toMatch(
      /^"Xy+…" cannot be sent to acme as img: it must be in a valid form \(name and number\)\.$/,
    )
    expect(image?.detail.length).toBeLessThan(250)
    const secret = [
      ...problems({ ...good, environmentVariables: { A: 'hush-hush' } }),
      ...problems({ ...good, command: ['hush-hush'] }),
      ...problems({ ...good, providerOptions: { acme: { zone: 'hush-hush' } } }),
    ]
    expect(secret).toHaveLength(3)
    expect(JSON.stringify(secret)).not.toContain('hush')
  })

  it('adds what only the driver can check', () => {
    const check = () => [{ pointer: '/command', detail: 'something has to run' }]
    expect(checkSpec({ ...rules, check }, good)).toEqual([
      { pointer: '/command', code: 'unprocessable', detail: 'something has to run' },
    ])
  })

  it('points at what is there, or at what is missing in what is there', () => {
    const word = fc.string({ maxLength: 6 })
    const spec = fc.record(
      {
        image: word,
        queue: word,
        script: word,
        command: fc.array(word, { maxLength: 3 }),
        environmentVariables: fc.dictionary(word, word, { maxKeys: 4 }),
        resources: fc.record({ cpus: fc.integer(), nodes: fc.nat(3), flavor: word }, { requiredKeys: [] }),
        inputs: fc.array(fc.record({ name: word, source: word, path: word }, { requiredKeys: [] }), { maxLength: 4 }),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(spec, (value) => {
        for (const { pointer, detail } of problems(value)) {
          expect(detail.length).toBeLessThan(400)
          const steps = pointer.split('/').slice(1, -1)
          const parent = steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
          const isThere =
            parent.reduce<unknown>((at, step) => (at as Record<string, unknown>)?.[step], value) !== undefined
          expect(isThere || pointer === '/resources/cpus').toBe(true)
        }
      }),
      { numRuns: 200 },
    )
  })
})

describe('filling in defaults', () => {
  it('fills what is absent, leaves what is given, and changes nothing in place', () => {
    const spec: JobSpec = { name: 'x', inputs: [{ source: 'a', path: 'b' }] }
    const accepts = {
      ...rules.accepts,
      'inputs.name': { to: '', default: 'n' },
      'storage.type': { to: '', default: 't' },
    }
    expect(withDefaults(accepts, spec)).toEqual({
      name: 'x',
      queue: 'main',
      resources: { cpus: 2, nodes: 1 },
      inputs: [{ name: 'n', source: 'a', path: 'b' }],
    })
    expect(spec).toEqual({ name: 'x', inputs: [{ source: 'a', path: 'b' }] })
    expect(withDefaults(accepts, { name: 'x', queue: 'other', resources: { cpus: 7 } })).toMatchObject({
      queue: 'other',
      resources: { cpus: 7 },
    })
  })

  it('fills nothing in that something given excludes', () => {
    const { resources } = withDefaults(rules.accepts, { name: 'x', resources: { flavor: 'f' } })
    expect(resources).toEqual({ flavor: 'f', nodes: 1 })
  })

  it('fills what the vocabulary says of absent fields into what is given, unless the driver says otherwise', () => {
    const spec: EnvironmentSpec = {
      name: 'x',
      resources: { accelerator: { count: 1 } },
      outputs: [{ destination: 'a', path: 'b' }],
      mounts: [
        { source: 'a', path: 'b' },
        { source: 'c', path: 'd', readOnly: true },
      ],
      ports: [{ port: 80 }],
      autoStop: { afterSeconds: 600 },
      startupScript: 'true',
    }
    expect(withDefaults({}, spec)).toEqual({
      name: 'x',
      resources: { accelerator: { kind: 'gpu', count: 1 }, nodes: 1 },
      outputs: [{ destination: 'a', path: 'b', overwrite: false }],
      mounts: [
        { source: 'a', path: 'b', readOnly: false },
        { source: 'c', path: 'd', readOnly: true },
      ],
      ports: [{ port: 80, protocol: 'tcp' }],
      autoStop: { afterSeconds: 600, basis: 'running' },
      startupScript: 'true',
      startupScriptScope: 'all',
    })
    expect(withDefaults({ 'ports.protocol': { to: '', default: 'http' } }, spec).ports).toEqual([
      { port: 80, protocol: 'http' },
    ])
    expect(withDefaults({}, { name: 'x', outputs: [] })).toEqual({ name: 'x', outputs: [] })
  })

  it('fills in nothing beside what is given when only parts of a spec are new', () => {
    const part = { name: 'x', autoStop: { afterSeconds: 600 } }
    expect(withDefaultsInside(rules.accepts, part)).toEqual({
      name: 'x',
      autoStop: { afterSeconds: 600, basis: 'running' },
    })
  })

  it('comes out the same when done twice', () => {
    fc.assert(
      fc.property(fc.option(fc.constantFrom('main', 'other'), { nil: undefined }), fc.boolean(), (queue, hasCpus) => {
        const spec = { name: 'x', ...(queue && { queue }), ...(hasCpus && { resources: { cpus: 3 } }) }
        const once = withDefaults(rules.accepts, spec)
        expect(withDefaults(rules.accepts, once)).toEqual(once)
      }),
    )
  })
})

describe('dataforest', () => {
  const open = () =>
    dataforestProvider.open({
      ...dataforestProvider.sample,
      http: { send: () => Promise.reject(new Error('nothing is sent')) },
      clock: makeFixedClock(),
    })

  it('takes the example requests of its documents', () => {
    const { job, environment } = open().drivers
    if (job === undefined || environment === undefined) throw new Error('both kinds are expected')
    const spec: JobSpec = {
      name: 'api-test',
      description: 'test',
      image: 'tensorflow:r2.3.1-py3',
      command: ['ls'],
      workingDirectory: '/root/',
      resources: { cpus: 1, memoryMiB: 1024, accelerator: { kind: 'gpu', model: 'T4', count: 1 } },
      inputs: [{ source: 'string', path: 'string' }],
      outputs: [{ destination: 'string', path: 'string', overwrite: true }],
    }
    expect(checkSpec({ provider: 'dataforest', ...environment }, spec)).toEqual([])
    expect(checkSpec({ provider: 'dataforest', ...job }, { ...spec, timeLimitSeconds: 60 })).toEqual([])
    expect(withDefaults(job.accepts, spec).queue).toBe('gpu')
  })

  it.each([
    ['mine', true],
    ['My_1-a', true],
    ['-mine', false],
    ['m ine', false],
    ['mine/', false],
    ['훈련', false],
    ['m\n', false],
    ['m', false],
    ['eightchr', false],
  ])('takes the prefix %j of an app: %s', (namePrefix, isTaken) => {
    const driver = open().drivers.job
    if (driver === undefined) throw new Error('jobs are expected')
    const spec = { name: 'x', image: 'tensorflow:1', command: ['ls'], providerOptions: { dataforest: { namePrefix } } }
    const found = checkSpec({ provider: 'dataforest', ...driver }, spec)
    expect([...new Set(found.map(({ pointer }) => pointer))]).toEqual(
      isTaken ? [] : ['/providerOptions/dataforest/namePrefix'],
    )
  })

  it.each([
    [{ image: 'tensorflow/r2.3.1-py3' }, '/image'],
    [{ name: 'two--hyphens' }, '/name'],
    [{ name: 'a-name-of-16-chr' }, '/name'],
    [{ description: 'x'.repeat(238) }, '/description'],
    [{ resources: { accelerator: { count: 9 } } }, '/resources/accelerator/count'],
    [{ resources: { accelerator: { kind: 'npu', count: 1 } } }, '/resources/accelerator/kind'],
    [{ ports: [{ port: 80, protocol: 'http' }] }, '/ports/0/protocol'],
    [{ command: undefined }, '/command'],
    [{ autoStop: { afterSeconds: 600 } }, '/autoStop'],
    [{ interfaces: ['ssh'] }, '/interfaces'],
  ])('refuses an AI workspace with %o at %s', (part, pointer) => {
    const driver = open().drivers.environment
    if (driver === undefined) throw new Error('environments are expected')
    const spec = { name: 'api-test', image: 'tensorflow:1', command: ['ls'], ...part }
    const found = checkSpec({ provider: 'dataforest', ...driver }, spec as never)
    expect(found.map((each) => each.pointer)).toEqual([pointer])
  })
})

describe('the registry', () => {
  it('knows each provider by a one-word id, once', () => {
    const ids = providers.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids) expect(id).toMatch(/^[a-z]+$/)
  })
})

/** The default that a schema gives to a path. */
function defaultAt(fields: Record<string, TSchema>, path: string): unknown {
  const [first = '', ...rest] = path.split('.')
  let schema: TSchema | undefined = fields[first]
  for (const step of rest) schema = (schema?.items ?? schema)?.properties?.[step]
  return schema?.default
}
