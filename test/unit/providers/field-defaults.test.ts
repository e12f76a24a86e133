import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dataforestProvider } from '../../../src/providers/dataforest/index.ts'
import { checkSpec, withDefaults, withDefaultsInside } from '../../../src/providers/field-rules.ts'
import { providers } from '../../../src/providers/registry.ts'
import type { EnvironmentSpec, JobSpec } from '../../../src/vocabulary/spec.ts'
import { makeFixedClock } from '../../support/fixed-clock.ts'
import { rules } from './acme-rules.ts'

describe('field defaults', () => {
  it('fill absent fields only, without modifying the input', () => {
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

  it('omit fields excluded by given ones', () => {
    const { resources } = withDefaults(rules.accepts, { name: 'x', resources: { flavor: 'f' } })
    expect(resources).toEqual({ flavor: 'f', nodes: 1 })
  })

  it('complete given objects with schema defaults unless the driver overrides them', () => {
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

  it('complete only the given objects of a partial spec', () => {
    const part = { name: 'x', autoStop: { afterSeconds: 600 } }
    expect(withDefaultsInside(rules.accepts, part)).toEqual({
      name: 'x',
      autoStop: { afterSeconds: 600, basis: 'running' },
    })
  })

  it('are idempotent', () => {
    fc.assert(
      fc.property(fc.option(fc.constantFrom('main', 'other'), { nil: undefined }), fc.boolean(), (queue, hasCpus) => {
        const spec = { name: 'x', ...(queue && { queue }), ...(hasCpus && { resources: { cpus: 3 } }) }
        const once = withDefaults(rules.accepts, spec)
        expect(withDefaults(rules.accepts, once)).toEqual(once)
      }),
    )
  })
})

describe('Data Forest fields', () => {
  const open = () =>
    dataforestProvider.open({
      ...dataforestProvider.sample,
      http: { send: () => Promise.reject(new Error('unexpected request')) },
      clock: makeFixedClock(),
    })

  it('accept the documented example requests', () => {
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
  ])('validate the name prefix %j: %s', (namePrefix, isValid) => {
    const driver = open().drivers.job
    if (driver === undefined) throw new Error('jobs are expected')
    const spec = { name: 'x', image: 'tensorflow:1', command: ['ls'], providerOptions: { dataforest: { namePrefix } } }
    const found = checkSpec({ provider: 'dataforest', ...driver }, spec)
    expect([...new Set(found.map(({ pointer }) => pointer))]).toEqual(
      isValid ? [] : ['/providerOptions/dataforest/namePrefix'],
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
  ])('reject an AI workspace with %o at %s', (part, pointer) => {
    const driver = open().drivers.environment
    if (driver === undefined) throw new Error('environments are expected')
    const spec = { name: 'api-test', image: 'tensorflow:1', command: ['ls'], ...part }
    const found = checkSpec({ provider: 'dataforest', ...driver }, spec as never)
    expect(found.map((each) => each.pointer)).toEqual([pointer])
  })
})

describe('provider registry', () => {
  it('has a unique one-word id for each provider', () => {
    const ids = providers.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids) expect(id).toMatch(/^[a-z]+$/)
  })
})
