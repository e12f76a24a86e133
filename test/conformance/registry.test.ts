import { describe, expect, it } from 'vitest'
import { openInertly, optionSchemasOf } from '../../src/capabilities/describe-provider.ts'
import { providers } from '../../src/providers/registry.ts'
import { kinds } from '../../src/vocabulary/kinds.ts'
import { harnesses } from './harnesses/index.ts'

describe('conformance harnesses', () => {
  it('cover every provider', () => {
    expect([...new Set(harnesses.map(({ provider }) => provider.id))].sort()).toEqual(
      providers.map(({ id }) => id).sort(),
    )
  })

  it.each(providers)('cover every API that the settings of $id select', ({ id, settings }) => {
    const choices = Object.entries(settings.properties).filter(([name]) => name.endsWith('Api'))
    for (const [name, schema] of choices) {
      const apis = (schema as { enum?: string[] }).enum ?? []
      const tested = harnesses.filter(({ provider }) => provider.id === id).map((each) => each.variantSettings[name])
      expect(apis.length).toBeGreaterThan(0)
      expect(tested).toEqual(expect.arrayContaining(apis))
    }
  })
})

it.each(harnesses)('the scope of $variant contains its API settings', ({ provider, variantSettings }) => {
  const scope = provider.scope({ ...provider.sample.settings, ...variantSettings })
  const choices = Object.entries(variantSettings).filter(([name]) => name.endsWith('Api'))
  expect(scope).toMatchObject(Object.fromEntries(choices))
})

describe.each(harnesses)('API options of $variant', ({ provider, variantSettings }) => {
  it('match the options of the drivers', () => {
    const { drivers } = openInertly(provider, { ...provider.sample.settings, ...variantSettings })
    for (const kind of kinds) {
      const accepted = optionSchemasOf(providers, kind)[provider.id]?.properties ?? {}
      expect(accepted).toMatchObject(drivers[kind]?.options?.properties ?? {})
    }
  })
})
