import { Type } from '@sinclair/typebox'
import { describe, expect, it } from 'vitest'
import type { Driver } from '../../../src/providers/driver.ts'
import type { FieldRule } from '../../../src/providers/field-rule.ts'
import { ApiError } from '../../../src/vocabulary/api-error.ts'
import { type SpecUpdate, updateSpec } from '../../../src/workloads/actions/update.ts'
import type { Workload } from '../../../src/workloads/workload.ts'
import { makeWorkload } from './make-workload.ts'

/** Like real drivers: some required fields are immutable, and a term fits only one type. */
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
    { pointer: '/storage/source', detail: 'Storage is required.' },
    ...(shown === 'interval' ? [] : [{ pointer: '/providerOptions/acme/term', detail: 'A term is not supported.' }]),
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

describe('update of an import', () => {
  it('does not check fields that the record does not contain', () => {
    expect(pointersOf(imported(), { autoStop: { afterSeconds: 7200 } })).toEqual([])
    expect(updateSpec(imported(), { description: 'new' }, driver)).toEqual({
      spec: { name: 'a-very-long-name', description: 'new' },
      isRemote: true,
    })
  })

  it('checks the rules of the changed fields', () => {
    expect(pointersOf(imported(), { autoStop: { afterSeconds: 600 } })).toEqual(['/autoStop/afterSeconds'])
    expect(pointersOf(imported(), { description: 'eleven long' })).toEqual(['/description'])
    expect(pointersOf(imported(), { image: 'another' })).toEqual(['/image'])
  })

  it('is checked against the provider payload', () => {
    const revision = { providerOptions: { acme: { term: 'hour1' } } }
    expect(pointersOf(imported(), revision)).toEqual(['/providerOptions/acme/term'])
    expect(pointersOf(imported({ remotePayload: 'interval' }), revision)).toEqual([])
  })
})

describe('update of a created object', () => {
  it('is checked with the whole record', () => {
    const created = makeWorkload('environment', { provider: 'acme', spec: { name: 'made' } })
    expect(pointersOf(created, { description: 'new' })).toContain('/image')
    expect(pointersOf(created, { description: 'new' })).toContain('/storage/source')
  })
})

describe('null in an update', () => {
  it('becomes an empty list or map', () => {
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
