import { describe, expect, it } from 'vitest'
import { providers } from '../../src/providers/registry.ts'
import { harnesses } from './harnesses/index.ts'

describe('the conformance suite', () => {
  it('has a harness for every provider', () => {
    expect([...new Set(harnesses.map(({ provider }) => provider.id))].sort()).toEqual(
      providers.map(({ id }) => id).sort(),
    )
  })

  it.each(providers)('has a harness for every choice of an API by the settings of $id', ({ id, settings }) => {
    const choices = Object.entries(settings.properties).filter(([name]) => name.endsWith('Api'))
    for (const [name, schema] of choices) {
      const wanted = (schema as { enum?: string[] }).enum ?? []
      const tested = harnesses.filter(({ provider }) => provider.id === id).map((each) => each.variantSettings[name])
      expect(wanted.length).toBeGreaterThan(0)
      expect(tested).toEqual(expect.arrayContaining(wanted))
    }
  })
})
