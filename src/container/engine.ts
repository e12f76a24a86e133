import { makePruneAudit } from '../access/prune-audit.repository.ts'
import type { IdSpaceOf } from '../connections/id-spaces.ts'
import { makePruneEvents } from '../events/prune.repository.ts'
import { makeCallStatisticsRepository } from '../health/call-statistics.repository.ts'
import { type BatcherOptions, makeBatcher } from '../infra/batcher.ts'
import type { Clock } from '../infra/clock.ts'
import type { Database } from '../infra/database.ts'
import { isDataError, isTransientError } from '../infra/database-errors.ts'
import type { QueueBackend } from '../queue/backend.ts'
import type { OpenSecrets } from '../secrets/secret-variables.ts'
import { makeRetryingWrite } from '../workloads/apply/retrying-write.ts'
import { makeAdopt, makeWritesRepository, type Write, type Written } from '../workloads/apply/writes.repository.ts'
import {
  makeAttemptsRepository,
  makeDuplicatesRepository,
  makeIgnoredRepository,
  type NewAttempt,
  type Opened,
} from '../workloads/engine/attempts.repository.ts'
import { makeBudget } from '../workloads/engine/budget.ts'
import { makeExecute } from '../workloads/engine/execute.ts'
import type { ExecutionDeps, Timing } from '../workloads/engine/execution-context.ts'
import { makeLeasesRepository } from '../workloads/engine/leases.repository.ts'
import { makeReconcile } from '../workloads/engine/reconcile.ts'
import { makeBatchedFind } from '../workloads/engine/recover-created.ts'
import { makeAdmissionRepository } from '../workloads/intake/admission.repository.ts'
import type { PollIntervals, WorkloadKinds } from '../workloads/kind.ts'
import { makeCreationHoldsRepository } from '../workloads/maintenance/creation-holds.repository.ts'
import { makePruneWorkloads } from '../workloads/maintenance/retention.repository.ts'
import { makeWakeReleased } from '../workloads/maintenance/wake-held.ts'
import type { ChangeNotifier, Connections, EngineObserver, Log } from '../workloads/ports.ts'
import { makePoller } from '../workloads/schedule/poller.ts'
import { makeScheduler } from '../workloads/schedule/scheduler.ts'
import { makeSlots } from '../workloads/schedule/slots.ts'
import { makeWorkloadWorkers, type WorkloadWorkers } from '../workloads/schedule/workload-workers.ts'
import { makeReadsRepository } from '../workloads/store/reads.repository.ts'
import type { SweepBounds } from '../workloads/sweep/deps.ts'
import { makeSweepSchedule } from '../workloads/sweep/schedule.ts'
import { makeSweep } from '../workloads/sweep/sweep.ts'
import { makeSweepsRepository } from '../workloads/sweep/sweeps.repository.ts'

export interface EngineDeps {
  database: Pick<Database, 'prisma' | 'sql'>
  kinds: WorkloadKinds
  connections: Connections
  idSpaceOf: IdSpaceOf
  installationTag: string
  secrets: OpenSecrets
  backend: QueueBackend
  notifier: ChangeNotifier
  observer: EngineObserver
  clock: Clock
  log: Log
  settings: EngineSettings
  shutdown: AbortSignal
}

export interface EngineSettings {
  pollIntervals: PollIntervals
  timing: Timing
  /** Providers whose calls are suspended. */
  heldProviders: ReadonlySet<string>
  leaseMs: number
  pollIntervalMs: number
  concurrency: number
  /** Calls per second over one connection by this process; 0 = unlimited. */
  callsPerSecond: number
  sweepConcurrency: number
  sweep: SweepBounds
  events: { retentionDays: number }
  /** Retention of ended workloads in days; absent = unlimited. */
  workloadRetentionDays?: number
  /** Retention of audit log entries in days; absent = unlimited. */
  auditRetentionDays?: number
}

/** The engine: scheduler, reconcile passes, sweeps and poller over one database. Idle until started. */
export function makeEngine(deps: EngineDeps): WorkloadWorkers {
  const { database, clock, settings, shutdown, log, notifier, kinds, connections } = deps
  const { prisma, sql } = database
  const leases = makeLeasesRepository(sql, settings.leaseMs)
  const sweeps = makeSweepsRepository(sql, settings.leaseMs)
  const writes = makeWritesRepository(sql)
  const { ownersOf, unheld } = makeReadsRepository(sql, deps.idSpaceOf)
  const write = makeRetryingWrite({
    write: perKind(() => makeBatcher({ ...batchOptions<Write, Written>(writes.write), keyOf: ({ id }) => id })),
    adopt: makeAdopt({ prisma, idSpaceOf: deps.idSpaceOf }),
    log,
    shutdown,
  })
  const execution = makeExecution(deps, ownersOf)
  const shared = {
    kinds,
    connections,
    write,
    notifier,
    observer: deps.observer,
    log,
    pollIntervals: settings.pollIntervals,
    heldProviders: settings.heldProviders,
  }
  const noteDuplicate = makeDuplicatesRepository(prisma)
  const budget = makeBudget(settings.callsPerSecond, clock)
  const reconcile = makeReconcile({
    ...shared,
    shutdown,
    noteDuplicate,
    noteIgnored: makeIgnoredRepository(prisma),
    release: (claimed, delayMs) => leases.release([claimed], delayMs),
    execute: makeExecute(execution),
  })
  const slots = makeSlots(settings.concurrency, clock)
  const scheduler = makeScheduler({
    ...{ leases, reconcile, budget, slots, clock, log },
    maxPassMs: passCalls * settings.timing.callTimeoutMs,
  })
  const sweep = makeSweep({
    ...shared,
    budget: { take: budget.takeForScan },
    secretsOfAll: deps.secrets.ofAll,
    unheld,
    installationTag: deps.installationTag,
    repository: sweeps,
    bounds: settings.sweep,
    shutdown,
  })
  const sweepSchedule = makeSweepSchedule({ sweeps, sweep, concurrency: settings.sweepConcurrency, log })
  const poller = makePoller({
    scheduler,
    sweepSchedule,
    maintenance: maintenanceOf(deps),
    intervalMs: settings.pollIntervalMs,
    leaseMs: settings.leaseMs,
    log,
  })
  const load = () => ({
    ...{ slots: settings.concurrency, slotsUsed: settings.concurrency - slots.free(), scans: sweepSchedule.running() },
  })
  return makeWorkloadWorkers({ load, observer: deps.observer, backend: deps.backend, scheduler, poller, log })
}

/** Maintenance of every worker in bounded batches: deletes expired rows, wakes workloads of released holds. */
function maintenanceOf({ database, settings }: EngineDeps) {
  const { prisma, sql } = database
  return [
    makeAdmissionRepository(database).pruneKeys,
    makePruneEvents(prisma, settings.events),
    makePruneWorkloads(database, settings.workloadRetentionDays),
    makeCallStatisticsRepository(sql).prune,
    makePruneAudit(prisma, settings.auditRetentionDays),
    makeWakeReleased(makeCreationHoldsRepository(prisma)),
  ]
}

/** Dependencies of executing steps. Attempts committed at about the same time share a statement. */
function makeExecution(deps: EngineDeps, ownersOf: ExecutionDeps['ownersOf']): ExecutionDeps {
  const { settings, notifier, clock, shutdown } = deps
  const attempts = makeAttemptsRepository(deps.database.sql, settings.leaseMs)
  const commitAttempt = makeBatcher(batchOptions<NewAttempt, Opened | null>(attempts.open))
  return {
    async openAttempt(opening) {
      const opened = await commitAttempt(opening)
      if (opened !== null) notifier.changed([opening.projectId, opening.workloadId])
      return opened
    },
    find: makeBatchedFind(settings.timing, shutdown),
    secretsOf: deps.secrets.of,
    ownersOf,
    clock,
    timing: settings.timing,
    shutdown,
  }
}

/** Maximum number of provider calls in one pass. */
const passCalls = 3

/** The end of a provisioning also updates the waiting jobs, which other batches write. */
function perKind(makeWrite: () => (write: Write) => Promise<Written>): (write: Write) => Promise<Written> {
  const byKind = { job: makeWrite(), environment: makeWrite() }
  return (write) => byKind[write.kind](write)
}

/** Writes share statements; an invalid row fails alone. */
function batchOptions<I, O>(flush: BatcherOptions<I, O>['flush']): BatcherOptions<I, O> {
  return { flush, concurrency: 2, maxItems: 200, isDataError, isTransient: isTransientError }
}
