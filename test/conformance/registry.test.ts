import { describe, expect, it } from 'vitest'
import { openInertly, optionSchemasOf } from '../../src/capabilities/describe-provider.ts'
import { providers } from '../../src/providers/registry.ts'
import { kinds } from '../../src/vocabulary/kinds.ts'
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

it.each(harnesses)(
  'the choice of an API is frozen with the connection of $variant',
  ({ provider, variantSettings }) => {
    const scope = provider.scope({ ...provider.sample.settings, ...variantSettings })
    const choices = Object.entries(variantSettings).filter(([name]) => name.endsWith('Api'))
    expect(scope).toMatchObject(Object.fromEntries(choices))
  },
)

describe.each(harnesses)('the API, for $variant', ({ provider, variantSettings }) => {
  it('takes every option of its drivers, as the driver has it', () => {
    const { drivers } = openInertly(provider, { ...provider.sample.settings, ...variantSettings })
    for (const kind of kinds) {
      const taken = optionSchemasOf(providers, kind)[provider.id]?.properties ?? {}
      expect(taken).toMatchObject(drivers[kind]?.options?.properties ?? {})
    }
  })
})
