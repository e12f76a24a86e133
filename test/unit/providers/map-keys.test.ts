import { expect, it } from 'vitest'
import { document } from '../../support/contract.ts'

it('maps of provider options publish the pattern of their keys', () => {
  const ray = document.components.schemas.RayJobOptions
  const { resources, labelSelector, metadata } = (ray?.properties ?? {}) as Record<string, { propertyNames?: object }>
  for (const map of [resources, labelSelector, metadata])
    expect(map?.propertyNames).toMatchObject({ type: 'string', pattern: expect.stringContaining('A-Za-z') })
})
