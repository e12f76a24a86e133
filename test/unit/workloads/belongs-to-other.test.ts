import { expect, it } from 'vitest'
import { belongsToOther } from '../../../src/workloads/apply/observe.ts'

const ours = { imported: false, correlationTag: 'own', remoteIdentity: 'a' }

it.each([
  [{ correlationTag: 'own' }, false],
  // A requeue gives the same job another identity.
  [{ correlationTag: 'own', identity: 'b' }, false],
  [{ correlationTag: 'other' }, true],
  [{ correlationTag: 'other', identity: 'a' }, true],
  [{ correlationTag: null }, false],
  [{ correlationTag: null, identity: 'a' }, false],
  [{ correlationTag: null, identity: 'b' }, true],
  [{}, false],
])('an object with %j under the same id belongs to another owner: %s', (observed, expected) => {
  expect(belongsToOther(ours, observed)).toBe(expected)
})

it('only the tag identifies an object without a recorded identity', () => {
  expect(belongsToOther({ ...ours, remoteIdentity: null }, { correlationTag: null, identity: 'b' })).toBe(false)
})

it('only the identity identifies an import', () => {
  const imported = { ...ours, imported: true }
  expect(belongsToOther(imported, { correlationTag: 'other' })).toBe(false)
  expect(belongsToOther(imported, { correlationTag: 'other', identity: 'b' })).toBe(true)
})
