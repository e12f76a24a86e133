import { setTimeout as sleep } from 'node:timers/promises'
import type { Claimed, LeasesRepository } from '../engine/leases.repository.ts'
import type { ReconcilePass } from '../engine/reconcile.ts'
import type { Log } from '../ports.ts'
import { type ClaimedPass, makeClaimRound } from './claim-round.ts'
import type { Slots } from './slots.ts'

export interface Scheduler {
  /** Something may be due over this connection. Resolves once a slot is free, so a full worker accepts no hints. */
  hint(connectionId: string): Promise<void>
  /** Finds the connections with due work and claims as much as there are free slots. */
  poll(): Promise<void>
  /** Renews the leases of running passes, except those that should have ended long ago. */
  renewLeases(): Promise<void>
  /** Claims nothing more; resolves when running passes have ended. */
  drain(): Promise<void>
}

interface Deps {
  leases: LeasesRepository
  /** One reconcile pass; returns whether the workload is due again immediately. */
  reconcile(pass: ReconcilePass): Promise<boolean>
  budget: Parameters<typeof makeClaimRound>[0]['budget']
  slots: Slots
  clock: { monotonicMs(): number }
  /** A longer pass is stuck in a call: its lease expires and another worker continues. */
  maxPassMs: number
  log: Log
}

/** Delay that lets several slots become free, so that one claim fills them. */
const gatherMs = 4
/** Delay after a failed claim, or if no connection has free slots. */
const retryMs = 250

/**
 * Decides which workloads a worker processes. One claim at a time: slots are reserved before the claim and counted per
 * connection in it, so no worker holds more leases than it has slots, whatever the backlog.
 */
export function makeScheduler({ leases, reconcile, clock, maxPassMs, log, ...deps }: Deps): Scheduler {
  const { slots } = deps
  const round = makeClaimRound({ leases, ...deps })
  const candidates = makeCandidates()
  const active = new Map<Claimed, { sinceMs: number; done: Promise<void> }>()
  let isClaiming = false
  let isDraining = false
  const nextClaim = makeTimer(() => {
    if (!isClaiming && !isDraining) void claimSome()
  })

  function schedule(delayMs: number): void {
    if (!isDraining && !candidates.isEmpty()) nextClaim.within(delayMs)
  }

  async function claimSome(): Promise<void> {
    const shares = round.choose(candidates.inOrder())
    if (shares.size === 0) return slots.free() > 0 ? schedule(retryMs) : undefined
    isClaiming = true
    await claim(shares)
    isClaiming = false
    schedule(0)
  }

  async function claim(shares: ReadonlyMap<string, number>): Promise<void> {
    for (const connectionId of shares.keys()) candidates.remove(connectionId)
    try {
      const claimed = await round.claim(shares)
      candidates.learn(shares, claimed)
      if (isDraining) return await release(leases, claimed)
      const sinceMs = clock.monotonicMs()
      for (const item of claimed) active.set(item.pass.claimed, { sinceMs, done: run(item) })
    } catch (error) {
      log.warn({ err: error }, 'claim failed; will retry')
      for (const connectionId of shares.keys()) candidates.add(connectionId)
      await sleep(retryMs)
    }
  }

  async function run({ pass, slot }: ClaimedPass): Promise<void> {
    const { id, connectionId } = pass.claimed.workload
    try {
      if (await reconcile(pass)) candidates.add(connectionId)
    } catch (error) {
      log.error({ err: error, workloadId: id }, 'reconcile result not saved; lease will expire')
    }
    active.delete(pass.claimed)
    slot.release(true)
    schedule(gatherMs)
  }

  return {
    async hint(connectionId) {
      candidates.add(connectionId)
      schedule(0)
      await slots.untilFree()
    },

    async poll() {
      for (const { connectionId, projectId } of await leases.dueConnections()) candidates.add(connectionId, projectId)
      schedule(0)
    },

    renewLeases() {
      const oldestMs = clock.monotonicMs() - maxPassMs
      return leases.renew([...active].flatMap(([claimed, { sinceMs }]) => (sinceMs < oldestMs ? [] : [claimed])))
    },

    async drain() {
      isDraining = true
      nextClaim.cancel()
      while (isClaiming || active.size > 0) {
        await Promise.allSettled([...active.values()].map(({ done }) => done))
        await sleep(1)
      }
    },
  }
}

/** Calls `callback` once after the shortest requested delay. */
function makeTimer(callback: () => void) {
  let timer: NodeJS.Timeout | undefined
  let atMs = Number.POSITIVE_INFINITY

  function cancel(): void {
    clearTimeout(timer)
    atMs = Number.POSITIVE_INFINITY
  }

  return {
    cancel,
    within(delayMs: number): void {
      const nextMs = performance.now() + delayMs
      if (nextMs >= atMs) return
      cancel()
      atMs = nextMs
      timer = setTimeout(() => {
        atMs = Number.POSITIVE_INFINITY
        callback()
      }, delayMs)
    },
  }
}

async function release(leases: LeasesRepository, claimed: readonly ClaimedPass[]): Promise<void> {
  for (const { slot } of claimed) slot.release(false)
  const claims = claimed.map(({ pass }) => pass.claimed)
  await leases.release(claims, 0)
}

/** Connections that may have due work, in claim order, and their projects. */
function makeCandidates() {
  const waiting = new Set<string>()
  const projectOf = new Map<string, string>()

  function add(connectionId: string, projectId?: string): void {
    waiting.add(connectionId)
    if (projectId !== undefined) projectOf.set(connectionId, projectId)
  }

  return {
    add,
    remove: (connectionId: string) => void waiting.delete(connectionId),
    isEmpty: () => waiting.size === 0,
    /** A connection whose project is unknown counts as a separate project. */
    inOrder: () =>
      [...waiting].map((connectionId) => ({ connectionId, projectId: projectOf.get(connectionId) ?? connectionId })),
    /** A connection that filled all its slots may have more due work, so it moves to the end. */
    learn(shares: ReadonlyMap<string, number>, claimed: readonly ClaimedPass[]): void {
      const workloads = claimed.map(({ pass }) => pass.claimed.workload)
      for (const { connectionId, projectId } of workloads) projectOf.set(connectionId, projectId)
      for (const [connectionId, count] of shares)
        if (workloads.filter((workload) => workload.connectionId === connectionId).length >= count) add(connectionId)
    },
  }
}
