import { environmentKind } from '../../../../src/environments/environment.kind.ts'
import { jobKind } from '../../../../src/jobs/job.kind.ts'
import type { Intent } from '../../../../src/providers/intent.ts'
import { noSecrets } from '../../../../src/secrets/secret-variables.ts'
import type { Write } from '../../../../src/workloads/apply/writes.repository.ts'
import type { NewAttempt } from '../../../../src/workloads/engine/attempts.repository.ts'
import { makeExecute } from '../../../../src/workloads/engine/execute.ts'
import type { Claimed } from '../../../../src/workloads/engine/leases.repository.ts'
import { makeReconcile } from '../../../../src/workloads/engine/reconcile.ts'
import { makeSweep } from '../../../../src/workloads/sweep/sweep.ts'
import { unobserved } from '../../../support/unobserved.ts'
import type { MemoryProvider } from './memory-provider.ts'
import type { MemoryTable } from './memory-table.ts'
import type { VirtualTime } from './virtual-time.ts'

/** Whether the process crashes before or right after a write. */
export type WriteBehavior = 'succeeds' | 'crashes_before' | 'crashes_after'

export const callTimeoutMs = 1000
const pollIntervals = { quickMs: 100, slowMs: 1000, resendMs: 2000, confirmGoneMs: 500 }
const timing = { callTimeoutMs, sendWithinMs: 500 }
/** The sweep's call timeout uses the real clock, so it is set out of reach here. */
const bounds = { minMs: 400, maxMs: 120_000, callTimeoutMs: 600_000, maxPages: 10, maxWatched: 100, graceMs: 500 }
const maxPassesPerInstant = 100
const never = new AbortController().signal

interface Parts {
  time: VirtualTime
  table: MemoryTable
  provider: MemoryProvider
  nextWrite(): WriteBehavior
  /** How long the process is suspended between its commit and its call. */
  nextStallMs(): number
}

/** Skew of the wall clock of a process; it may change. Leases and due times use only the table's clock. */
export interface WallClock {
  skewMs: number
}

/** A crashed process writes nothing more. */
class Crashed extends Error {}
/** Shared, since its stack trace is unused and would cost more than a reconcile pass. */
const crashed = new Crashed()

/** The real reconcile, execute and sweep with a table and a provider in memory: one process per wall clock. */
export function makeMemoryEngine(parts: Parts, wallClocks: readonly WallClock[]) {
  const { time, table } = parts
  const failures: unknown[] = []
  const recordFailure = (error: unknown) => void (error === crashed ? undefined : failures.push(error))
  const store = makeStore(parts)
  const processes = wallClocks.map((wall) => makeProcess(parts, store, { wall, recordFailure }))
  let passes = 0

  /** The processes alternate, so that each takes over the other's work. */
  function startDueWork(): void {
    const process = processes[passes % processes.length]
    if (nextPassAt(table) <= time.now()) {
      passes += 1
      process?.reconcile(table.claim()).catch(recordFailure)
    }
    if (nextSweepAt(table) <= time.now())
      void table.sweeps
        .claimDue(1)
        .then((due) => Promise.all(due.map((claimed) => process?.sweep(claimed))).catch(recordFailure))
  }

  return {
    /** Unexpected failures. */
    failures,
    /** Runs everything due until then, in order. */
    async runUntil(untilMs: number): Promise<void> {
      let passesAtInstant = 0
      const next = () => Math.min(time.next(), nextPassAt(table), nextSweepAt(table))
      for (let at = next(); at <= untilMs; at = next()) {
        passesAtInstant = at > time.now() ? 0 : passesAtInstant + 1
        if (passesAtInstant > maxPassesPerInstant) throw new Error('the engine loops')
        await time.moveTo(at)
        startDueWork()
        await time.settle()
      }
      await time.moveTo(untilMs)
    },
  }
}

type Store = ReturnType<typeof makeStore>

/** The table for processes that may crash at any write. */
function makeStore({ time, table, nextWrite, nextStallMs }: Parts) {
  const crashedOwners = new Set<string>()
  return {
    async write(item: Write) {
      const owner = item.whereLease ?? 'sweep'
      const behavior = crashedOwners.has(owner) ? 'crashes_before' : nextWrite()
      if (behavior !== 'succeeds' && item.whereLease !== null) crashedOwners.add(owner)
      const written = behavior === 'crashes_before' ? null : table.write(item)
      if (written === null || behavior === 'crashes_after') throw crashed
      return written
    },

    async openAttempt(opening: NewAttempt) {
      const behavior = nextWrite()
      if (behavior !== 'succeeds') crashedOwners.add(opening.leaseId)
      const opened = behavior === 'crashes_before' ? null : table.open(opening)
      if (behavior === 'crashes_after') throw crashed
      await time.sleep(nextStallMs())
      return opened
    },

    async release(claimed: Claimed, delayMs: number): Promise<void> {
      if (!crashedOwners.has(claimed.leaseId)) table.release(claimed, delayMs)
    },
  }
}

interface Process {
  wall: WallClock
  recordFailure(error: unknown): void
}

function makeProcess(
  { time, table, provider }: Parts,
  { write, openAttempt, release }: Store,
  { wall, recordFailure }: Process,
) {
  const driver = { ...provider.driver, create: createByOwnClock(provider, wall) }
  const shared = {
    ...{
      kinds: { job: jobKind, environment: environmentKind },
      pollIntervals,
      write,
      heldProviders: new Set<string>(),
    },
    shutdown: never,
    budget: { take: () => 0 },
    connections: {
      open: async () => ({ provider: 'memory', version: 1, origin: '', scope: {}, driver: () => driver as never }),
      failed: async () => {},
      succeeded: async () => {},
      mayProbe: async () => true,
    },
    notifier: { changed: ignore },
    observer: unobserved,
    log: {
      debug: ignore,
      info: ignore,
      warn: ignore,
      error: (context: { err?: unknown }) => recordFailure(context.err),
    },
  }
  const execute = makeExecute({
    openAttempt,
    find: async (_workload, { find }, intent) =>
      (await find([intent], never)).get(intent.correlationTag) ?? { inconclusive: '' },
    ownersOf: async (_workload, remoteIds) => ({ owned: table.ownedByOthers(remoteIds), isContested: false }),
    secretsOf: async () => noSecrets,
    clock: { now: () => new Date(time.now() + wall.skewMs), monotonicMs: () => time.now() },
    ...{ timing, shutdown: never },
  })
  const noteDuplicate = async (_workloadId: string, remoteId: string) => recordFailure(`duplicate object ${remoteId}`)
  const secretsOfAll = async () => () => noSecrets
  return {
    reconcile: makeReconcile({ ...shared, execute, release, noteDuplicate, noteIgnored: async () => {} } as Parameters<
      typeof makeReconcile
    >[0]),
    sweep: makeSweep({
      ...{ ...shared, unheld: async () => [], installationTag: 'mem', secretsOfAll, repository: table.sweeps },
      bounds,
    } as Parameters<typeof makeSweep>[0]),
  }
}

function ignore(): void {}
const nextPassAt = (table: MemoryTable) => table.claimableAt() ?? Number.POSITIVE_INFINITY
const nextSweepAt = (table: MemoryTable) => table.sweepDueAt ?? Number.POSITIVE_INFINITY

/** The process applies the send deadline by its own clock. */
function createByOwnClock({ driver }: MemoryProvider, wall: WallClock) {
  return (intent: Intent, signal: AbortSignal) => {
    const at = new Date(intent.sendBy.at.getTime() - wall.skewMs)
    return driver.create({ ...intent, sendBy: { ...intent.sendBy, at } }, signal)
  }
}
