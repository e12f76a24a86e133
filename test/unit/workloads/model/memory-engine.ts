import { environmentKind } from '../../../../src/environments/environment.kind.ts'
import { jobKind } from '../../../../src/jobs/job.kind.ts'
import type { Intent } from '../../../../src/providers/provider.ts'
import type { Opening } from '../../../../src/workloads/attempts.repository.ts'
import type { Claimed } from '../../../../src/workloads/leases.repository.ts'
import { makePerform } from '../../../../src/workloads/perform.ts'
import { makeReconcile } from '../../../../src/workloads/reconcile.ts'
import { noSecrets } from '../../../../src/workloads/secret-variables.ts'
import { makeSweep } from '../../../../src/workloads/sweep.ts'
import type { Write } from '../../../../src/workloads/writes.repository.ts'
import type { MemoryProvider } from './memory-provider.ts'
import type { MemoryTable } from './memory-table.ts'
import type { VirtualTime } from './virtual-time.ts'

/** `lost`: the process died before it wrote; `committed`: right after. */
export type WriteFate = 'kept' | 'lost' | 'committed'

export const callTimeoutMs = 1000
const tempo = { quickMs: 100, slowMs: 1000, resendMs: 2000, confirmGoneMs: 500 }
const timing = { callTimeoutMs, sendWithinMs: 500 }
const bounds = { minMs: 200, maxMs: 120_000, callTimeoutMs, maxPages: 10, maxWatched: 100, graceMs: 500 }
const mostTurnsAtOnce = 100
const never = new AbortController().signal

interface Parts {
  time: VirtualTime
  table: MemoryTable
  provider: MemoryProvider
  wallSkewMs: number
  nextWrite(): WriteFate
  /** How long the process stands still between its commit and its call. */
  nextStallMs(): number
}

/** A process that died writes nothing any more, whatever it still wants to say. */
class Died extends Error {}

/** The real reconcile, perform and sweep, over a table and a provider in memory. */
export function makeMemoryEngine({ time, table, provider, wallSkewMs, nextWrite, nextStallMs }: Parts) {
  const failures: unknown[] = []
  const dead = new Set<string>()
  const note = (error: unknown) => void (error instanceof Died ? undefined : failures.push(error))
  const driver = { ...provider.driver, create: createByOwnClock(provider, wallSkewMs) }
  const shared = {
    kinds: { job: jobKind, environment: environmentKind },
    connections: {
      open: async () => ({ provider: 'memory', version: 1, scope: {}, driver: () => driver as never }),
      failed: async () => {},
      succeeded: async () => {},
      mayProbe: async () => true,
    },
    wake: { changed: () => {} },
    tempo,
    heldProviders: new Set<string>(),
    log: { debug: ignore, info: ignore, warn: ignore, error: (context: { err?: unknown }) => note(context.err) },
  }

  async function write(item: Write) {
    const owner = item.whereLease ?? 'a sweep'
    const fate = dead.has(owner) ? 'lost' : nextWrite()
    if (fate !== 'kept' && item.whereLease !== null) dead.add(owner)
    const written = fate === 'lost' ? null : table.write(item)
    if (written === null || fate === 'committed') throw new Died()
    return written
  }

  async function openAttempt(opening: Opening) {
    const fate = nextWrite()
    if (fate !== 'kept') dead.add(opening.leaseId)
    const opened = fate === 'lost' ? null : table.open(opening)
    if (fate === 'committed') throw new Died()
    await time.sleep(nextStallMs())
    return opened
  }

  const perform = makePerform({
    openAttempt,
    find: async (_workload, { find }, intent) => (await find([intent], never)).get(intent.mark) ?? { inconclusive: '' },
    claimsOn: async () => ({ owned: new Set<string>(), isContested: false }),
    secretsOf: async () => noSecrets,
    clock: { now: () => new Date(time.now() + wallSkewMs), monotonicMs: () => time.now() },
    ...{ timing, shutdown: never },
  })
  async function putBack(claimed: Claimed, delayMs: number): Promise<void> {
    if (!dead.has(claimed.leaseId)) table.putBack(claimed, delayMs)
  }

  const reconcile = makeReconcile({ ...shared, perform, write, putBack, noteDuplicate: async () => {} } as Parameters<
    typeof makeReconcile
  >[0])
  const secretsOfAll = async () => () => noSecrets
  const sweep = makeSweep({
    ...shared,
    heldMarks: async () => new Set<string>(),
    installationTag: 'mem',
    secretsOfAll,
    repository: table.sweeps,
    write,
    bounds,
    shutdown: never,
  } as Parameters<typeof makeSweep>[0])

  function startWhatIsDue(): void {
    if (nextTurnAt(table) <= time.now()) reconcile(table.claim()).catch(note)
    if (nextSweepAt(table) <= time.now())
      void table.sweeps.claimDue(1).then((claimed) => Promise.all(claimed.map(sweep)).catch(note))
  }

  return {
    /** What failed without anybody's doing. */
    failures,
    /** Lets everything that is due until then happen, in its order. */
    async runUntil(untilMs: number): Promise<void> {
      let turnsAtOnce = 0
      const next = () => Math.min(time.next(), nextTurnAt(table), nextSweepAt(table))
      while (next() <= untilMs) {
        turnsAtOnce = next() > time.now() ? 0 : turnsAtOnce + 1
        if (turnsAtOnce > mostTurnsAtOnce) throw new Error('the engine spins')
        await time.moveTo(next())
        startWhatIsDue()
        await time.moveTo(time.now())
      }
      await time.moveTo(untilMs)
    },
  }
}

function ignore(): void {}
const nextTurnAt = (table: MemoryTable) => table.claimableAt() ?? Number.POSITIVE_INFINITY
const nextSweepAt = (table: MemoryTable) => table.sweepDueAt ?? Number.POSITIVE_INFINITY

/** The process holds its deadline by its own clock, whatever the time is elsewhere. */
function createByOwnClock({ driver }: MemoryProvider, wallSkewMs: number) {
  return (intent: Intent, signal: AbortSignal) => {
    const at = new Date(intent.sendBy.at.getTime() - wallSkewMs)
    return driver.create({ ...intent, sendBy: { ...intent.sendBy, at } }, signal)
  }
}
