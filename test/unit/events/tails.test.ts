import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import type { FeedCursor } from '../../../src/events/feed-cursor.ts'
import { cursorOf } from '../../../src/events/feed-cursor.ts'
import { type Listener, makeTails } from '../../../src/events/tails.ts'

setFlagsFromString('--expose_gc')
const collectGarbage: () => void = runInNewContext('gc')

const end: FeedCursor = { position: { xid: '1', workloadId: 'job_1', seq: 1 }, epoch: 'here' }
const listenerOf = (): Listener => ({ position: null, sendingSinceMs: null, wake() {}, cut() {} })

it('releases listeners that left while others stay', async () => {
  const tails = makeTails({
    feed: {
      now: async () => cursorOf(end),
      page: async () => ({ messages: [], end, isFull: false, isBehind: false }),
    },
    wait: (_projectId, ms, signal) => sleep(ms, undefined, { signal }).catch(() => {}),
    clock: { monotonicMs: () => performance.now() },
  })
  const staying = new AbortController()
  await tails.join('prj', listenerOf(), staying.signal)

  async function joinAndLeave(): Promise<WeakRef<Listener>> {
    const listener = listenerOf()
    const leaving = new AbortController()
    await tails.join('prj', listener, leaving.signal)
    leaving.abort()
    return new WeakRef(listener)
  }
  const left = await Promise.all(Array.from({ length: 20 }, joinAndLeave))
  await sleep(10)
  collectGarbage()
  const retained = left.filter((listener) => listener.deref() !== undefined)
  staying.abort()
  expect(retained).toEqual([])
})
