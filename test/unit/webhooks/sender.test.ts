import { once } from 'node:events'
import { expect, it } from 'vitest'
import type { ClaimedDelivery } from '../../../src/webhooks/claims.repository.ts'
import { makeSender } from '../../../src/webhooks/sender.ts'

const due = (count: number) => Array.from({ length: count }, (_, index) => ({ id: `whd_${index}` }) as ClaimedDelivery)

it('goes on claiming while there is a backlog, and looks for what is new at a pace of its own', async () => {
  const backlog = due(80)
  const sent: string[] = []
  const { promise: over, resolve: end } = Promise.withResolvers<void>()
  let looks = 0
  const sender = makeSender({
    // No time passes: whatever waits for some would wait for ever.
    clock: { monotonicMs: () => 0 },
    async fanOut() {
      looks += 1
      return { hasEndpoints: true, isBehind: false, read: 1 }
    },
    claims: { claimProbes: async () => [], claimSteady: async () => backlog.splice(0, 8) },
    async deliver({ id }) {
      if (sent.push(id) === 80) end()
    },
    prune: async () => 0,
    wake: { waitForAny: async (_, signal) => signal.aborted || (await once(signal, 'abort')).length > 0 },
    close: async () => {},
    intervalMs: 60_000,
    settings: { concurrency: 64, perEndpoint: 8, perProject: 16 },
    log: { warn: () => {} },
  })
  sender.start()
  await over
  await sender.stop()
  expect(new Set(sent).size).toBe(80)
  expect(looks).toBe(1)
})
