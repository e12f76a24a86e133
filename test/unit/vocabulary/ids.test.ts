import fc from 'fast-check'
import { expect, it } from 'vitest'
import { idAt, makeId } from '../../../src/vocabulary/ids.ts'

it.each(['job', 'environment'] as const)('tells from a time which %s ids were made before it and which after', (of) => {
  const before = Date.now()
  const id = makeId(of)
  const after = Date.now() + 1
  expect(id >= idAt(of, before)).toBe(true)
  expect(id < idAt(of, after)).toBe(true)
})

it('orders times as ids are ordered, the oldest and the latest too', () => {
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
