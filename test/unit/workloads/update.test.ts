import { Type } from '@sinclair/typebox'
import { describe, expect, it } from 'vitest'
import type { Driver } from '../../../src/providers/driver.ts'
import type { FieldRule } from '../../../src/providers/field-rule.ts'
import { ApiError } from '../../../src/vocabulary/api-error.ts'
import { type SpecUpdate, updateSpec } from '../../../src/workloads/actions/update.ts'
import type { Workload } from '../../../src/workloads/workload.ts'
import { makeWorkload } from './make-workload.ts'

/** Like real ones: more is required at create than can be changed later, and a term fits one type alone. */
const driver = {
  accepts: {
    name: { to: 'name', maxLength: 8 },
    description: { to: 'description', maxLength: 10, mutable: true },
    image: { to: 'image', required: true },
    autoStop: { to: 'stop', mutable: true },
    'autoStop.afterSeconds': { to: 'stop.after', minimum: 3600, mutable: true },
    'autoStop.basis': { to: 'stop.basis', values: ['running'] },
    inputs: { to: 'inputs', mutable: true },
    'inputs.source': { to: 'inputs[].from' },
    'inputs.path': { to: 'inputs[].to' },
    environmentVariables: { to: 'env', mutable: true },
  } satisfies Record<string, FieldRule>,
  options: Type.Object(
    {
      term: Type.Optional(Type.String()),
      keys: Type.Optional(Type.Array(Type.String())),
      notes: Type.Optional(Type.Record(Type.String(), Type.String())),
    },
    { additionalProperties: false },
  ),
  mutableOptions: ['term', 'keys', 'notes'],
  check: (_spec: unknown, shown: unknown) => [
    { pointer: '/storage/source', detail: 'It needs storage.' },
    ...(shown === 'interval' ? [] : [{ pointer: '/providerOptions/acme/term', detail: 'It has no term.' }]),
  ],
} as unknown as Driver<'environment'>

const imported = (more: Partial<Workload<'environment'>> = {}) =>
  makeWorkload('environment', { provider: 'acme', imported: true, spec: { name: 'a-very-long-name' }, ...more })

function pointersOf(workload: Workload<'environment'>, revision: SpecUpdate): readonly string[] {
  try {
    updateSpec(workload, revision, driver)
    return []
  } catch (error) {
    if (error instanceof ApiError) return (error.errors ?? []).map(({ pointer }) => pointer)
    throw error
  }
}

describe('a revision of an import', () => {
  it('is not held against what the record does not know', () => {
    expect(pointersOf(imported(), { autoStop: { afterSeconds: 7200 } })).toEqual([])
    expect(updateSpec(imported(), { description: 'new' }, driver)).toEqual({
      spec: { name: 'a-very-long-name', description: 'new' },
      isRemote: true,
    })
  })

  it('keeps the rules of the fields it changes', () => {
    expect(pointersOf(imported(), { autoStop: { afterSeconds: 600 } })).toEqual(['/autoStop/afterSeconds'])
    expect(pointersOf(imported(), { description: 'eleven long' })).toEqual(['/description'])
    expect(pointersOf(imported(), { image: 'another' })).toEqual(['/image'])
  })

  it('is checked against what the provider shows', () => {
    const revision = { providerOptions: { acme: { term: 'hour1' } } }
    expect(pointersOf(imported(), revision)).toEqual(['/providerOptions/acme/term'])
    expect(pointersOf(imported({ remotePayload: 'interval' }), revision)).toEqual([])
  })
})

describe('an update of a created object', () => {
  it('is checked with all that the record says', () => {
    const made = makeWorkload('environment', { provider: 'acme', spec: { name: 'made' } })
    expect(pointersOf(made, { description: 'new' })).toContain('/image')
    expect(pointersOf(made, { description: 'new' })).toContain('/storage/source')
  })
})

describe('null in an update', () => {
  it('becomes an empty list or map, since a driver leaves absent fields unchanged', () => {
    const spec = {
      ...{ name: 'a', inputs: [{ source: 's', path: 'p' }], environmentVariables: { A: '1' } },
      providerOptions: { acme: { keys: ['k'], notes: { n: '1' }, term: 'hour1' } },
    }
    const revision = {
      ...{ inputs: null, environmentVariables: null },
      providerOptions: { acme: { keys: null, notes: null } },
    }
    expect(updateSpec(imported({ spec, remotePayload: 'interval' }), revision, driver)).toEqual({
      spec: {
        ...{ name: 'a', inputs: [], environmentVariables: {} },
        providerOptions: { acme: { keys: [], notes: {}, term: 'hour1' } },
      },
      isRemote: true,
    })
  })
})
