import { expect, it } from 'vitest'
import { sandboxProviders } from '../../src/sandbox/registry.ts'

it('each provider has a separate port behind that of the control API, without gaps', () => {
  const offsets = Object.values(sandboxProviders).map(({ portOffset }) => portOffset)
  expect(offsets.toSorted((a, b) => a - b)).toEqual(offsets.map((_, index) => index + 1))
})

it.each(Object.values(sandboxProviders))('$id is listed under its id', (provider) => {
  expect(sandboxProviders).toHaveProperty(provider.id, provider)
})
