import { environmentKind } from '../../../../src/environments/environment.kind.ts'
import { jobKind } from '../../../../src/jobs/job.kind.ts'
import type { Intent } from '../../../../src/providers/intent.ts'
import { noSecrets } from '../../../../src/secrets/secret-variables.ts'
import type { Write } from '../../../../src/workloads/apply/writes.repository.ts'
import type { Opening } from '../../../../src/workloads/engine/attempts.repository.ts'
import { makeExecute } from '../../../../src/workloads/engine/execute.ts'
import type { Claimed } from '../../../../src/workloads/engine/leases.repository.ts'
import { makeReconcile } from '../../../../src/workloads/engine/reconcile.ts'
import { makeSweep } from '../../../../src/workloads/sweep/sweep.ts'
import { unobserved } from '../../../support/unobserved.ts'
import type { MemoryProvider } from './memory-provider.ts'
import type { MemoryTable } from './memory-table.ts'
import type { VirtualTime } from './virtual-time.ts'

/** `lost`: the process died before it wrote; `committed`: right after. */
export type WriteFate = 'kept' | 'lost' | 'committed'

export const callTimeoutMs = 1000
const pollIntervals = { quickMs: 100, slowMs: 1000, resendMs: 2000, confirmGoneMs: 500 }
const timing = { callTimeoutMs, sendWithinMs: 500 }
/** The sweep's own limit is kept by the machine's clock: here it only has to be out of the way. */
const bounds = { minMs: 400, maxMs: 120_000, callTimeoutMs: 600_000, maxPages: 10, maxWatched: 100, graceMs: 500 }
const mostTurnsAtOnce = 100
const never = new AbortController().signal

interface Parts {
  time: VirtualTime
  table: MemoryTable
  provider: MemoryProvider
  nextWrite(): WriteFate
  /** How long the process stands still between its commit and its call. */
  nextStallMs(): number
}

/** How wrong the wall clock of a process is; it may jump. Leases and due times know the table's clock alone. */
export interface WallClock {
  skewMs: number
}

/** A process that ended writes nothing more. */
class Died extends Error {}
/** Shared, since its stack trace is unused and would cost more than a reconcile pass. */
const died = new Died()

/** The real reconcile, execute and sweep, over a table and a provider in memory: a process for each wall clock. */
export function makeMemoryEngine(parts: Parts, wallClocks: readonly WallClock[]) {
  const { time, table } = parts
  const failures: unknown[] = []
  const note = (error: unknown) => void (error === died ? undefined : failures.push(error))
  const store = makeStore(parts)
  const processes = wallClocks.map((wall) => makeProcess(parts, store, { wall, note }))
  let turns = 0

  /** The processes take turns, so that each takes over what the other left. */
  function startWhatIsDue(): void {
    const process = processes[turns % processes.length]
    if (nextTurnAt(table) <= time.now()) {
      turns += 1
      process?.reconcile(table.claim()).catch(note)
    }
    if (nextSweepAt(table) <= time.now())
      void table.sweeps
        .claimDue(1)
        .then((due) => Promise.all(due.map((claimed) => process?.sweep(claimed))).catch(note))
  }

  return {
    /** Unexpected failures. */
    failures,
    /** Lets everything that is due until then happen, in its order. */
    async runUntil(untilMs: number): Promise<void> {
      let turnsAtOnce = 0
      const next = () => Math.min(time.next(), nextTurnAt(table), nextSweepAt(table))
      for (let at = next(); at <= untilMs; at = next()) {
        turnsAtOnce = at > time.now() ? 0 : turnsAtOnce + 1
        if (turnsAtOnce > mostTurnsAtOnce) throw new Error('the engine spins')
        await time.moveTo(at)
        startWhatIsDue()
        await time.settle()
      }
      await time.moveTo(untilMs)
    },
  }
}

type Store = ReturnType<typeof makeStore>

/** The table, as processes write to it that may die at any write. */
function makeStore({ time, table, nextWrite, nextStallMs }: Parts) {
  const dead = new Set<string>()
  return {
    async write(item: Write) {
      const owner = item.whereLease ?? 'a sweep'
      const fate = dead.has(owner) ? 'lost' : nextWrite()
      if (fate !== 'kept' && item.whereLease !== null) dead.add(owner)
      const written = fate === 'lost' ? null : table.write(item)
      if (written === null || fate === 'committed') throw died
      return written
    },

    async openAttempt(opening: Opening) {
      const fate = nextWrite()
      if (fate !== 'kept') dead.add(opening.leaseId)
      const opened = fate === 'lost' ? null : table.open(opening)
      if (fate === 'committed') throw died
      await time.sleep(nextStallMs())
      return opened
    },

    async release(claimed: Claimed, delayMs: number): Promise<void> {
      if (!dead.has(claimed.leaseId)) table.release(claimed, delayMs)
    },
  }
}

interface Process {
  wall: WallClock
  note(error: unknown): void
}

function makeProcess(
  { time, table, provider }: Parts,
  { write, openAttempt, release }: Store,
  { wall, note }: Process,
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
    log: { debug: ignore, info: ignore, warn: ignore, error: (context: { err?: unknown }) => note(context.err) },
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
  const noteDuplicate = async (_workloadId: string, remoteId: string) => note(`${remoteId} was made beside it`)
  const secretsOfAll = async () => () => noSecrets
  const heldTags = async () => new Set<string>()
  return {
    reconcile: makeReconcile({ ...shared, execute, release, noteDuplicate, noteIgnored: async () => {} } as Parameters<
      typeof makeReconcile
    >[0]),
    sweep: makeSweep({
      ...{ ...shared, heldTags, installationTag: 'mem', secretsOfAll, repository: table.sweeps },
      bounds,
    } as Parameters<typeof makeSweep>[0]),
  }
}

function ignore(): void {}
const nextTurnAt = (table: MemoryTable) => table.claimableAt() ?? Number.POSITIVE_INFINITY
const nextSweepAt = (table: MemoryTable) => table.sweepDueAt ?? Number.POSITIVE_INFINITY

/** The process holds its deadline by its own clock, whatever the time is elsewhere. */
function createByOwnClock({ driver }: MemoryProvider, wall: WallClock) {
  return (intent: Intent, signal: AbortSignal) => {
    const at = new Date(intent.sendBy.at.getTime() - wall.skewMs)
    return driver.create({ ...intent, sendBy: { ...intent.sendBy, at } }, signal)
  }
}
