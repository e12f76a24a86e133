import { expect, it } from 'vitest'
import { sandboxProviders } from '../../src/sandbox/registry.ts'

it('each sandbox provider has its own port after the control API, without gaps', () => {
  const offsets = Object.values(sandboxProviders).map(({ portOffset }) => portOffset)
  expect(offsets.toSorted((a, b) => a - b)).toEqual(offsets.map((_, index) => index + 1))
})

it.each(Object.values(sandboxProviders))('$id is registered under its id', (provider) => {
  expect(sandboxProviders).toHaveProperty(provider.id, provider)
})
