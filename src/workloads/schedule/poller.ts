import type { Log } from '../ports.ts'
import type { Sweeping } from '../sweep/schedule.ts'
import type { Scheduler } from './scheduler.ts'

export interface Poller {
  start(): void
  /** Begins nothing any more; resolves when what is under way is over. */
  stop(): Promise<void>
}

interface Deps {
  scheduler: Pick<Scheduler, 'poll' | 'renewLeases'>
  sweeping: Sweeping
  /** Each deletes so many rows at most that are not kept any more, and answers how many it came to. */
  prunes: readonly ((limit: number) => Promise<number>)[]
  intervalMs: number
  leaseMs: number
  log: Log
}

const pruneIntervalMs = 60_000
const pruneAtOnce = 10_000
const maxPrunes = 100

/**
 * Plain timers over due columns. Everything that is due is found here, from the tables alone; a hint only shortens the
 * wait. So losing the whole queue loses at most one interval.
 */
export function makePoller({ scheduler, sweeping, prunes, intervalMs, leaseMs, log }: Deps): Poller {
  const loops: { stop(): Promise<void> }[] = []

  /** What is under way for long is not taken over as long as this process lives. */
  async function renewLeases(): Promise<void> {
    await Promise.all([scheduler.renewLeases(), sweeping.renew()])
  }

  return {
    start() {
      loops.push(
        every(intervalMs, scheduler.poll, log),
        every(leaseMs / 6, renewLeases, log),
        every(intervalMs, sweeping.look, log),
        ...prunes.map((prune) => every(pruneIntervalMs, () => pruneAll(prune), log)),
      )
    },
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()))
      await sweeping.stop()
    },
  }
}

/** Until nothing is left to prune, or so much was pruned that others shall have their turn. */
async function pruneAll(prune: (limit: number) => Promise<number>): Promise<void> {
  for (let left = maxPrunes; left > 0 && (await prune(pruneAtOnce)) > 0; left -= 1);
}

/** Runs again and again, one run at a time; a run that fails is logged and the next one comes. */
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
