import { type TSchema, Type } from '@sinclair/typebox'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkSpec, neutralValues } from '../../../src/providers/field-rules.ts'
import { fieldPaths } from '../../../src/vocabulary/field-paths.ts'
import { environmentFields, type JobSpec, jobFields } from '../../../src/vocabulary/spec.ts'
import { rules } from './acme-rules.ts'

const validSpec: JobSpec = { name: 'x', image: 'a:1', resources: { cpus: 1 } }
const problems = (spec: object) => checkSpec(rules, spec as JobSpec)
const codes = (spec: object) => problems({ ...validSpec, ...spec }).map(({ pointer, code }) => `${pointer} ${code}`)

describe('spec validation', () => {
  it('reports twenty errors of options and stops reading', () => {
    let reads = 0
    const zones = new Proxy(new Array(340_000).fill(7), {
      get(target, key) {
        if (/^\d+$/.test(String(key))) reads += 1
        return Reflect.get(target, key)
      },
    })
    const options = Type.Object({ zones: Type.Array(Type.String()) })
    const errors = checkSpec({ ...rules, options }, { ...validSpec, providerOptions: { acme: { zones } } })
    expect(errors.map(({ code }) => code)).toEqual(Array(20).fill('invalid_option'))
    expect(reads).toBeLessThan(1000)
  })

  it('accepts a valid spec', () => {
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
  ])('rejects %o: %s', (spec, expected) => {
    expect(codes(spec)).toEqual([expected])
  })

  it('accepts default values and empty lists of unsupported fields', () => {
    const spec = { mounts: [], ports: [], resources: { cpus: 1, nodes: 1 } }
    expect(codes({ ...spec, outputs: [{ destination: 'a', path: 'b', overwrite: false }] })).toEqual([])
  })

  it('uses the schema defaults as neutral values', () => {
    const found: Record<string, unknown> = {}
    for (const path of fieldPaths) {
      const value = defaultAt({ ...jobFields, ...environmentFields }, path)
      if (value !== undefined) found[path] = value
    }
    expect(neutralValues).toEqual(found)
  })

  it('requires fields of an object only if the object is given', () => {
    const accepts = { storage: { to: 'st' }, 'storage.type': { to: 'st.type', required: true as const } }
    const check = (spec: object) =>
      checkSpec({ provider: 'acme', accepts }, spec as JobSpec).map((each) => each.pointer)
    expect(check({ name: 'x' })).toEqual([])
    expect(check({ name: 'x', storage: { sizeGiB: 1 } })).toEqual(['/storage/type', '/storage/sizeGiB'])
  })

  it('checks the rules between fields', () => {
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

  it('names the value and the rule, but no potential secret', () => {
    const [image] = problems({ ...validSpec, image: `X${'y'.repeat(200)}` })
    expect(image?.detail).toMatch(
      /^"Xy+…" cannot be sent to acme as img: it must be in a valid form \(name and number\)\.$/,
    )
    expect(image?.detail.length).toBeLessThan(250)
    const secret = [
      ...problems({ ...validSpec, environmentVariables: { A: 'hush-hush' } }),
      ...problems({ ...validSpec, command: ['hush-hush'] }),
      ...problems({ ...validSpec, providerOptions: { acme: { zone: 'hush-hush' } } }),
    ]
    expect(secret).toHaveLength(3)
    expect(JSON.stringify(secret)).not.toContain('hush')
  })

  it('includes the errors of the driver check', () => {
    const check = () => [{ pointer: '/command', detail: 'something has to run' }]
    expect(checkSpec({ ...rules, check }, validSpec)).toEqual([
      { pointer: '/command', code: 'unprocessable', detail: 'something has to run' },
    ])
  })

  it('points to given values or to missing fields of given objects', () => {
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

/** The schema default at a path. */
function defaultAt(fields: Record<string, TSchema>, path: string): unknown {
  const [first = '', ...rest] = path.split('.')
  let schema: TSchema | undefined = fields[first]
  for (const step of rest) schema = (schema?.items ?? schema)?.properties?.[step]
  return schema?.default
}
