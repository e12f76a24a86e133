import { expect, it } from 'vitest'
import { belongsToOther } from '../../../src/workloads/apply/observe.ts'

const ours = { imported: false, correlationTag: 'mine', remoteIdentity: 'a' }

it.each([
  [{ correlationTag: 'mine' }, false],
  // A requeue gives the same job another identity.
  [{ correlationTag: 'mine', identity: 'b' }, false],
  [{ correlationTag: 'other' }, true],
  [{ correlationTag: 'other', identity: 'a' }, true],
  [{ correlationTag: null }, false],
  [{ correlationTag: null, identity: 'a' }, false],
  [{ correlationTag: null, identity: 'b' }, true],
  [{}, false],
])('an object with %j under our id is of another owner: %s', (seen, expected) => {
  expect(belongsToOther(ours, seen)).toBe(expected)
})

it('an object whose identity was never seen is told by its tag alone', () => {
  expect(belongsToOther({ ...ours, remoteIdentity: null }, { correlationTag: null, identity: 'b' })).toBe(false)
})

it('an import, which has no tag of its own, is told by its identity alone', () => {
  const imported = { ...ours, imported: true }
  expect(belongsToOther(imported, { correlationTag: 'other' })).toBe(false)
  expect(belongsToOther(imported, { correlationTag: 'other', identity: 'b' })).toBe(true)
})
