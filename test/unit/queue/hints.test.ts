import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { makeHints } from '../../../src/queue/hints.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})

afterEach(() => {
  vi.useRealTimers()
})

function hintsWithAdds() {
  const adds: unknown[][] = []
  const queue = {
    addBulk: async (jobs: { data: unknown }[]) => adds.push(jobs.map(({ data }) => data)),
    on: () => {},
    close: async () => {},
  }
  return { adds, hints: makeHints({ queue, trace: null, log: { warn: () => {} } }) }
}

it('sends the first hint immediately and batches the following ones', async () => {
  const { adds, hints } = hintsWithAdds()
  for (const connectionId of ['a', 'b', 'b', 'c', 'b']) {
    hints.due(connectionId)
    await nextTurn()
    await nextTurn()
  }
  expect(adds).toEqual([[{ connectionId: 'a' }]])
  await vi.runAllTimersAsync()
  expect(adds).toEqual([[{ connectionId: 'a' }], [{ connectionId: 'b' }, { connectionId: 'c' }]])
})

it('sends nothing after it is closed', async () => {
  const { adds, hints } = hintsWithAdds()
  hints.due('a')
  await nextTurn()
  hints.due('b')
  await hints.close()
  await vi.runAllTimersAsync()
  expect(adds).toHaveLength(1)
})
