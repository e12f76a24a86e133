import fc from 'fast-check'
import { expect, it } from 'vitest'
import { idAt, makeId } from '../../../src/vocabulary/ids.ts'

it.each(['job', 'environment'] as const)('separates %s ids created before a time from those after it', (kind) => {
  const before = Date.now()
  const id = makeId(kind)
  const after = Date.now() + 1
  expect(id >= idAt(kind, before)).toBe(true)
  expect(id < idAt(kind, after)).toBe(true)
})

it('orders times like ids, including the extremes', () => {
  const ms = fc.integer({ min: -1, max: 2 ** 48 })
  fc.assert(
    fc.property(ms, ms, (a, b) => {
      const [earlier, later] = [idAt('job', Math.min(a, b)), idAt('job', Math.max(a, b))]
      expect(earlier <= later).toBe(true)
    }),
  )
  expect(idAt('job', 2 ** 48)).toBe(`job_7${'z'.repeat(9)}`)
  expect(idAt('job', -1)).toBe(`job_${'0'.repeat(10)}`)
})
