import type { Log } from '../ports.ts'
import type { SweepSchedule } from '../sweep/schedule.ts'
import type { Scheduler } from './scheduler.ts'

export interface Poller {
  start(): void
  /** Starts nothing more; resolves when running work has ended. */
  stop(): Promise<void>
}

interface Deps {
  scheduler: Pick<Scheduler, 'poll' | 'renewLeases'>
  sweepSchedule: SweepSchedule
  /**
   * Maintenance tasks of a worker, such as deleting expired rows. Each processes a batch of at most `limit` rows and
   * returns the number of processed rows; it is repeated until it returns 0.
   */
  maintenance: readonly ((limit: number) => Promise<number>)[]
  intervalMs: number
  leaseMs: number
  log: Log
}

const maintenanceIntervalMs = 60_000
const maintenanceBatch = 10_000
const maxBatches = 100

/**
 * Timers over due columns. All due work is found here, in the tables alone; a hint only shortens the wait. Losing the
 * whole queue therefore costs at most one interval.
 */
export function makePoller({
  scheduler,
  sweepSchedule: sweeping,
  maintenance,
  intervalMs,
  leaseMs,
  log,
}: Deps): Poller {
  const loops: { stop(): Promise<void> }[] = []

  /** Work in progress keeps its leases as long as this process lives. */
  async function renewLeases(): Promise<void> {
    await Promise.all([scheduler.renewLeases(), sweeping.renew()])
  }

  return {
    start() {
      loops.push(
        every(intervalMs, scheduler.poll, log),
        every(leaseMs / 6, renewLeases, log),
        every(intervalMs, sweeping.poll, log),
        ...maintenance.map((batch) => every(maintenanceIntervalMs, () => repeated(batch), log)),
      )
    },
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()))
      await sweeping.stop()
    },
  }
}

/** Runs batches until nothing is left, or until the limit of a run, so that other work gets its share. */
async function repeated(batch: (limit: number) => Promise<number>): Promise<void> {
  for (let left = maxBatches; left > 0 && (await batch(maintenanceBatch)) > 0; left -= 1);
}

/** Repeats a run, one at a time; a failure is logged. */
function every(intervalMs: number, run: () => Promise<unknown>, log: Log): { stop(): Promise<void> } {
  let isStopped = false
  let timer: NodeJS.Timeout | undefined
  let current: Promise<void> = Promise.resolve()

  function tick(): void {
    current = run()
      .then(
        () => {},
        (error: unknown) => log.warn({ err: error }, 'polling the database failed'),
      )
      .finally(() => {
        if (!isStopped) timer = setTimeout(tick, intervalMs)
      })
  }

  tick()
  return {
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await current
    },
  }
}
