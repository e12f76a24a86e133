import { once } from 'node:events'
import { expect, it } from 'vitest'
import type { ClaimedDelivery } from '../../../src/webhooks/claims.repository.ts'
import { makeSender } from '../../../src/webhooks/sender.ts'

const due = (count: number) => Array.from({ length: count }, (_, index) => ({ id: `whd_${index}` }) as ClaimedDelivery)

it('continues to claim during a backlog without further fan-outs', async () => {
  const backlog = due(80)
  const sent: string[] = []
  const { promise: allSent, resolve: end } = Promise.withResolvers<void>()
  let fanOuts = 0
  const sender = makeSender({
    // The clock stands still, so a timed wait would never end.
    clock: { monotonicMs: () => 0 },
    async fanOut() {
      fanOuts += 1
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
  await allSent
  await sender.stop()
  expect(new Set(sent).size).toBe(80)
  expect(fanOuts).toBe(1)
})
