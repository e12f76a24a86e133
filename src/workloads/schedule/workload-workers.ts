import type { QueueBackend } from '../../queue/backend.ts'
import { makeQueueWorker } from '../../queue/worker-runtime.ts'
import type { EngineObserver, Log } from '../ports.ts'
import type { Poller } from './poller.ts'
import type { Scheduler } from './scheduler.ts'

/** The background work of the engine. */
export interface WorkloadWorkers {
  start(): Promise<void>
  /** Accepts nothing new; resolves when running work is written. */
  stop(): Promise<void>
  load(): WorkerLoad
}

/** What the engine of this process does now. */
export interface WorkerLoad {
  slots: number
  slotsUsed: number
  /** Scans in progress. */
  scans: number
}

interface Deps {
  load(): WorkerLoad
  observer: Pick<EngineObserver, 'hint'>
  backend: QueueBackend
  scheduler: Scheduler
  poller: Poller
  log: Log
}

export function makeWorkloadWorkers({ load, observer, backend, scheduler, poller, log }: Deps): WorkloadWorkers {
  const hints = makeQueueWorker({
    backend,
    queue: 'reconcile',
    concurrency: 4,
    handle: ({ connectionId, traceParent }) => observer.hint(traceParent, () => scheduler.hint(connectionId)),
    log,
  })
  return {
    load,
    async start() {
      await hints.start()
      poller.start()
    },
    async stop() {
      const drained = scheduler.drain()
      await Promise.all([hints.stop(), poller.stop(), drained])
      // Work claimed while the two stopped.
      await scheduler.drain()
    },
  }
}
