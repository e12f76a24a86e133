import { setTimeout as sleep } from 'node:timers/promises'
import type { ChangeNotifier } from '../events/change-notifier.ts'
import type { ClaimedDelivery, ClaimsRepository } from './claims.repository.ts'
import { makeDeliverySlots } from './delivery-slots.ts'
import type { FannedOut, FanOut } from './fan-out.repository.ts'
import type { PruneDeliveries } from './maintenance.repository.ts'
import type { WebhookSettings } from './webhook-settings.ts'

export interface WebhookSender {
  start(): void
  /** Starts nothing new; resolves when deliveries in flight have ended. */
  stop(): Promise<void>
  /** Number of deliveries in flight. */
  inFlight(): number
}

interface Deps {
  fanOut: FanOut
  claims: Pick<ClaimsRepository, 'claimSteady' | 'claimProbes'>
  deliver(claim: ClaimedDelivery): Promise<void>
  prune: PruneDeliveries
  wake: Pick<ChangeNotifier, 'waitForAny'>
  /** Closes idle sockets. */
  close(): Promise<void>
  intervalMs: number
  settings: Pick<WebhookSettings, 'concurrency' | 'perEndpoint' | 'perProject'>
  clock: { monotonicMs(): number }
  log: { warn(context: object, message: string): void }
}

/**
 * Minimum pause between two polls for new events, or this multiple of a poll's duration, so that the loop is mostly
 * idle.
 */
const pauseMs = 50
const pauseFactor = 3
const pruneIntervalMs = 60_000

/** Number of deliveries started, and duration of the claims. */
interface ClaimResult {
  count: number
  tookMs: number
}

const nothing: ClaimResult = { count: 0, tookMs: 0 }

/**
 * Loop: turns new events into deliveries, claims due ones up to the free slots, and waits for a notification or the
 * interval. All work is in the tables; notifications only shorten the wait. While claims return deliveries, the next
 * claim follows once half of them have finished, so that no slot is idle during a backlog.
 */
export function makeSender(deps: Deps): WebhookSender {
  const { claims, clock, log } = deps
  const { concurrency, perEndpoint: maxEach, perProject: maxOfProject } = deps.settings
  const deliverySlots = makeDeliverySlots({ deliver: deps.deliver, concurrency, onFree, log })
  const pruning = makePruner(pruneIntervalMs, deps)
  const feed = makeFanOutLoop(deps)
  let wake = new AbortController()
  /** Slots that must be free before another claim is worth its statement. */
  let awaited = 0
  let probedMs = Number.NEGATIVE_INFINITY
  const stopping = new AbortController()
  let loop: Promise<void> = Promise.resolve()

  /** With free slots it polls immediately: there may be more. */
  function onFree(): void {
    awaited -= 1
    if (awaited <= 0) wake.abort()
  }

  async function claimProbes(): Promise<ClaimedDelivery[]> {
    const most = Math.min(deliverySlots.free(), maxOfProject - deliverySlots.probing())
    if (most <= 0 || clock.monotonicMs() - probedMs < pauseMs) return []
    probedMs = clock.monotonicMs()
    return claims.claimProbes(most)
  }

  async function claimDue(): Promise<ClaimResult> {
    const startedMs = clock.monotonicMs()
    const probes = await claimProbes()
    deliverySlots.take(probes)
    const free = deliverySlots.free()
    const steady = free > 0 ? await claims.claimSteady(free, { maxEach, maxOfProject, busy: deliverySlots.busy }) : []
    deliverySlots.take(steady)
    return { count: probes.length + steady.length, tookMs: clock.monotonicMs() - startedMs }
  }

  async function tick(): Promise<ClaimResult> {
    const hasEndpoints = await feed.poll()
    const claimed = hasEndpoints ? await claimDue() : nothing
    pruning.pruneIfDue()
    return claimed
  }

  async function run(): Promise<void> {
    let isAwaited = true
    while (isAwaited && !stopping.signal.aborted) {
      wake = new AbortController()
      // Started before the tick, so that no notification during the tick is missed.
      const notified = deps.wake.waitForAny(deps.intervalMs, wake.signal)
      const startedMs = clock.monotonicMs()
      const { count, tookMs } = await tick().catch((error: unknown) => {
        log.warn({ err: error }, 'polling the database failed')
        return nothing
      })
      awaited = Math.ceil(count / 2)
      // Without enabled endpoints, notifications need no quick response.
      const leastMs = feed.hasReaders() ? pauseMs : deps.intervalMs
      const restMs = count > 0 ? tookMs : Math.max(pauseFactor * (clock.monotonicMs() - startedMs), leastMs)
      await sleep(restMs, null, { signal: stopping.signal }).catch(() => {})
      // Does not wait for slow endpoints: other deliveries may be due.
      const timer = setTimeout(() => wake.abort(), Math.min(feed.untilNextMs(), count > 0 ? pauseMs : deps.intervalMs))
      isAwaited = await notified
      clearTimeout(timer)
    }
  }

  return {
    inFlight: () => concurrency - deliverySlots.free(),
    start() {
      loop = run()
    },
    async stop() {
      stopping.abort()
      wake.abort()
      await loop
      await deliverySlots.drain()
      await pruning.over()
      await deps.close()
    },
  }
}

/**
 * Turns new events into deliveries at a separate pace. An open transaction can hold back events without a second
 * notification: they are polled for with a backoff that doubles up to the interval. Nothing else waits for them.
 */
function makeFanOutLoop({ fanOut, clock, intervalMs }: Pick<Deps, 'fanOut' | 'clock' | 'intervalMs'>) {
  let last: FannedOut = { hasEndpoints: true, isBehind: false, read: 0 }
  let heldBack = 0
  let notBeforeMs = Number.NEGATIVE_INFINITY
  /** More events may exist than were read, or a notification arrived meanwhile. */
  let isPending = false
  return {
    /** Returns whether deliveries may be due. */
    async poll(): Promise<boolean> {
      const startedMs = clock.monotonicMs()
      isPending = startedMs < notBeforeMs
      if (isPending) return last.hasEndpoints
      last = await fanOut()
      isPending = last.read > 0
      heldBack = last.isBehind && last.read === 0 ? heldBack + 1 : 0
      const tookMs = clock.monotonicMs() - startedMs
      const paceMs = Math.max(pauseMs, pauseFactor * tookMs)
      const waitMs = heldBack === 0 ? paceMs : Math.min(pauseMs * 2 ** Math.min(heldBack - 1, 20), intervalMs)
      notBeforeMs = clock.monotonicMs() + waitMs
      return last.hasEndpoints
    },
    hasReaders: () => last.hasEndpoints,
    untilNextMs: () => (isPending || heldBack > 0 ? Math.max(0, notBeforeMs - clock.monotonicMs()) : intervalMs),
  }
}

/** Prunes in parallel to the loop, so that due deliveries are not delayed. */
function makePruner(intervalMs: number, { clock, prune, log }: Pick<Deps, 'clock' | 'prune' | 'log'>) {
  let lastMs = Number.NEGATIVE_INFINITY
  let run: Promise<unknown> = Promise.resolve()
  return {
    pruneIfDue() {
      if (clock.monotonicMs() - lastMs < intervalMs) return
      lastMs = clock.monotonicMs()
      run = prune().catch((error: unknown) => log.warn({ err: error }, 'pruning webhook deliveries failed'))
    },
    over: () => run,
  }
}
