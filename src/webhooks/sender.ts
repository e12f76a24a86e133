import { setTimeout as sleep } from 'node:timers/promises'
import type { Wake } from '../events/wake.ts'
import type { ClaimedDelivery, ClaimsRepository } from './claims.repository.ts'
import type { FannedOut, FanOut } from './fan-out.repository.ts'
import { makeHands } from './hands.ts'
import type { PruneDeliveries } from './pruning.repository.ts'
import type { WebhookSettings } from './webhook-settings.ts'

export interface WebhookSender {
  start(): void
  /** Begins nothing any more; resolves when what is under way is over. */
  stop(): Promise<void>
}

interface Deps {
  fanOut: FanOut
  claims: Pick<ClaimsRepository, 'claimSteady' | 'claimProbes'>
  deliver(claim: ClaimedDelivery): Promise<void>
  prune: PruneDeliveries
  wake: Pick<Wake, 'waitForAny'>
  /** Closes the sockets that are kept open. */
  close(): Promise<void>
  intervalMs: number
  settings: Pick<WebhookSettings, 'concurrency' | 'perEndpoint' | 'perProject'>
  clock: { monotonicMs(): number }
  log: { warn(context: object, message: string): void }
}

/** Between two ticks, however much changes; or so many times as long as a tick took: most of the time it rests. */
const pauseMs = 50
const pauseFactor = 3
const pruneEveryMs = 60_000

/**
 * One loop: turn new events into deliveries, claim what is due as far as there are free hands, and wait until something
 * changes or the interval is over. All that is to be done stands in the tables; being told only shortens the wait.
 */
export function makeSender(deps: Deps): WebhookSender {
  const { claims, clock, log } = deps
  const { concurrency, perEndpoint: mostEach, perProject: mostOfProject } = deps.settings
  // Whoever has a free hand looks at once: there may be more.
  const hands = makeHands({ deliver: deps.deliver, concurrency, onFree: () => nudge.abort(), log })
  const pruning = makePruner(pruneEveryMs, deps)
  const news = makeNews(deps)
  let nudge = new AbortController()
  const stopping = new AbortController()
  let loop: Promise<void> = Promise.resolve()

  async function takeDue(): Promise<void> {
    const probes = Math.min(hands.free(), mostOfProject - hands.probing())
    if (probes > 0) hands.take(await claims.claimProbes(probes))
    if (hands.free() > 0)
      hands.take(await claims.claimSteady(hands.free(), { mostEach, mostOfProject, busy: hands.busy }))
  }

  async function tick(): Promise<void> {
    const { hasEndpoints, read } = await news.look()
    if (hasEndpoints) await takeDue()
    // There may be more.
    if (read > 0) nudge.abort()
    pruning.lookAtTheClock()
  }

  async function run(): Promise<void> {
    let isAwaited = true
    while (isAwaited && !stopping.signal.aborted) {
      nudge = new AbortController()
      // Begun before the tick, so that nothing is missed that is told while it runs.
      const told = deps.wake.waitForAny(deps.intervalMs, nudge.signal)
      const beganMs = clock.monotonicMs()
      await tick().catch((error: unknown) => log.warn({ err: error }, 'webhooks could not look into the database'))
      // Where nobody is to be told of anything, what changes is nobody's news.
      const leastMs = news.hasReaders() ? pauseMs : deps.intervalMs
      const restMs = Math.max(pauseFactor * (clock.monotonicMs() - beganMs), leastMs)
      await sleep(restMs, null, { signal: stopping.signal }).catch(() => {})
      const timer = setTimeout(() => nudge.abort(), news.untilNextMs())
      isAwaited = await told
      clearTimeout(timer)
    }
  }

  return {
    start() {
      loop = run()
    },
    async stop() {
      stopping.abort()
      nudge.abort()
      await loop
      await hands.drain()
      await pruning.over()
      await deps.close()
    },
  }
}

/**
 * New events, made deliveries. What an open transaction holds back nobody tells of a second time: it is looked for again,
 * half as often each time that all of it is still held back, down to once in an interval. Nothing else waits for that.
 */
function makeNews({ fanOut, clock, intervalMs }: Pick<Deps, 'fanOut' | 'clock' | 'intervalMs'>) {
  let last: FannedOut = { hasEndpoints: true, isBehind: false, read: 0 }
  let heldBack = 0
  let notBeforeMs = Number.NEGATIVE_INFINITY
  return {
    async look(): Promise<FannedOut> {
      if (clock.monotonicMs() < notBeforeMs) return { ...last, read: 0 }
      last = await fanOut()
      heldBack = last.isBehind && last.read === 0 ? heldBack + 1 : 0
      const waitMs = heldBack === 0 ? 0 : Math.min(pauseMs * 2 ** Math.min(heldBack - 1, 20), intervalMs)
      notBeforeMs = clock.monotonicMs() + waitMs
      return last
    },
    hasReaders: () => last.hasEndpoints,
    untilNextMs: () => (heldBack === 0 ? intervalMs : Math.max(pauseMs, notBeforeMs - clock.monotonicMs())),
  }
}

/** Runs beside the loop: what is old takes no time from what is due. */
function makePruner(everyMs: number, { clock, prune, log }: Pick<Deps, 'clock' | 'prune' | 'log'>) {
  let lastMs = Number.NEGATIVE_INFINITY
  let run: Promise<unknown> = Promise.resolve()
  return {
    lookAtTheClock() {
      if (clock.monotonicMs() - lastMs < everyMs) return
      lastMs = clock.monotonicMs()
      run = prune().catch((error: unknown) => log.warn({ err: error }, 'old webhook deliveries could not be removed'))
    },
    over: () => run,
  }
}
