import { describe, expect, it } from 'vitest'
import { checkSpec } from '../../../src/providers/field-rules.ts'
import type { JobSpec } from '../../../src/vocabulary/spec.ts'
import { connectForEachTest } from './connection.ts'

const on = connectForEachTest({
  defaultImage: 'org/base:1',
  jobFlavors: [
    { id: 'small', cpus: 2, memoryMiB: 8192 },
    { id: 'large', cpus: 8, memoryMiB: 32_768 },
    { id: 'gpu', cpus: 8, memoryMiB: 65_536, accelerator: { kind: 'gpu', model: 'V100', count: 2 } },
  ],
})

const sent = (changes: Partial<JobSpec>) => {
  const program = changes.providerOptions === undefined ? { script: 'true' } : {}
  const { body } = on.driver('job').plan(on.intent<'job'>({ name: 'job', ...program, ...changes }))
  return body as { algorithm: { engine?: object }; spec: { resource: { flavor_id?: string } } }
}
const flavorOf = (changes: Partial<JobSpec>) => sent(changes).spec.resource.flavor_id
const pointersIn = (changes: Partial<JobSpec>) => {
  const { accepts, options, check } = on.driver('job')
  const rules = { provider: 'modelarts', accepts, ...(options && { options }), ...(check && { check }) }
  return checkSpec<'job'>(rules, { name: 'job', script: 'true', ...changes }).map(({ pointer }) => pointer)
}

describe('ModelArts training job with a default image and flavors', () => {
  it.each<[JobSpec['resources'], string]>([
    [undefined, 'small'],
    [{ cpus: 1, memoryMiB: 512 }, 'small'],
    [{ cpus: 3 }, 'large'],
    [{ memoryMiB: 8193 }, 'large'],
    [{ cpus: 1, accelerator: { count: 1 } }, 'gpu'],
    [{ accelerator: { kind: 'gpu', model: 'V100', count: 2 } }, 'gpu'],
    [{ flavor: 'own' }, 'own'],
  ])('requests %j and gets the first sufficient flavor: %s', (resources, flavor) => {
    expect(flavorOf({ ...(resources && { resources }) })).toBe(flavor)
    expect(pointersIn({ ...(resources && { resources }) })).toEqual([])
  })

  it.each<NonNullable<JobSpec['resources']>>([
    { cpus: 9 },
    { memoryMiB: 65_536 },
    { accelerator: { count: 3 } },
    { accelerator: { model: 'A100', count: 1 } },
  ])('is rejected if no flavor provides %j', (resources) => {
    expect(pointersIn({ resources })).toEqual(['/resources'])
  })

  it.each<[NonNullable<JobSpec['resources']>, string]>([
    [{ flavor: 'small', cpus: 2 }, '/resources/cpus'],
    [{ flavor: 'own', memoryMiB: 512 }, '/resources/memoryMiB'],
    [{ flavor: 'own', accelerator: { count: 1 } }, '/resources/accelerator'],
    [{ flavor: 'own', cpus: 99 }, '/resources/cpus'],
  ])('is rejected once for a flavor and a size: %j', (resources, pointer) => {
    expect(pointersIn({ resources })).toEqual([pointer])
    expect(pointersIn({ resources, queue: 'pool' })).toEqual([pointer])
  })

  it('gets no flavor in a dedicated pool unless it requests a size', () => {
    expect(flavorOf({ queue: 'pool' })).toBeUndefined()
    expect(flavorOf({ queue: 'pool', resources: { cpus: 4 } })).toBe('large')
  })

  it('gets the default image unless it has an image or an algorithm', () => {
    const modelarts = { algorithm: { id: 'a1' } }
    expect(sent({}).algorithm.engine).toEqual({ image_url: 'org/base:1' })
    expect(sent({ image: 'own:1' }).algorithm.engine).toEqual({ image_url: 'own:1' })
    expect(sent({ providerOptions: { modelarts } }).algorithm.engine).toBeUndefined()
  })
})

describe('ModelArts training job without configured flavors', () => {
  const plain = connectForEachTest()

  it('is rejected if it requests a size', () => {
    const { accepts, check } = plain.driver('job')
    const spec = { name: 'job', script: 'true', image: 'i', queue: 'pool', resources: { cpus: 1 } }
    const problems = checkSpec<'job'>({ provider: 'modelarts', accepts, ...(check && { check }) }, spec)
    expect(problems).toMatchObject([{ pointer: '/resources/cpus', code: 'unsupported' }])
  })
})
