import { setImmediate as nextPass } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { yieldToOthers } from '../../../src/infra/fair-yield.ts'
import { yieldingMap } from '../../../src/infra/yielding-map.ts'

/** Calls of `count` in each pass of the event loop. */
async function countsPerPass(work: (count: () => void) => Promise<unknown>): Promise<number[]> {
  const counts = [0]
  let isDone = false
  const done = work(() => {
    counts[counts.length - 1] = (counts.at(-1) ?? 0) + 1
  }).then(() => {
    isDone = true
  })
  while (!isDone) {
    await nextPass()
    counts.push(0)
  }
  await done
  return counts
}

it('one waiter resumes per pass of the event loop, in order', async () => {
  const order: number[] = []
  const counts = await countsPerPass((count) =>
    Promise.all(
      Array.from({ length: 10 }, async (_, at) => {
        await yieldToOthers()
        order.push(at)
        count()
      }),
    ),
  )
  expect(Math.max(...counts)).toBe(1)
  expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})

it('concurrent maps share the 20 items of a pass', async () => {
  const list = Array.from({ length: 200 }, (_, at) => at)
  const counts = await countsPerPass((count) => Promise.all([1, 2, 3, 4].map(() => yieldingMap(list, count))))
  expect(Math.max(...counts)).toBe(20)
})

it('slow items end a pass early', async () => {
  const pause = new Int32Array(new SharedArrayBuffer(4))
  const counts = await countsPerPass((count) =>
    yieldingMap([1, 2, 3], () => {
      count()
      Atomics.wait(pause, 0, 0, 15)
    }),
  )
  expect(Math.max(...counts)).toBe(1)
})
