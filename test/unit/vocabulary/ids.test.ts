import fc from 'fast-check'
import { expect, it } from 'vitest'
import { idAt, makeId } from '../../../src/vocabulary/ids.ts'

it('tells from a time which ids were made before it and which after', () => {
  const before = Date.now()
  const id = makeId('job')
  const after = Date.now() + 1
  expect(id >= idAt('job', before)).toBe(true)
  expect(id < idAt('job', after)).toBe(true)
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
