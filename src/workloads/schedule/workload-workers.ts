import type { QueueBackend } from '../../queue/backend.ts'
import { makeQueueWorker } from '../../queue/worker-runtime.ts'
import type { Log } from '../ports.ts'
import type { Upkeep } from './poller.ts'
import type { Scheduler } from './scheduler.ts'

/** Everything of the engine that runs by itself. */
export interface WorkloadWorkers {
  start(): Promise<void>
  /** Takes nothing new and resolves when what is under way is written. */
  stop(): Promise<void>
}

interface Deps {
  backend: QueueBackend
  scheduler: Scheduler
  upkeep: Upkeep
  log: Log
}

export function makeWorkloadWorkers({ backend, scheduler, upkeep, log }: Deps): WorkloadWorkers {
  const hints = makeQueueWorker({
    backend,
    queue: 'reconcile',
    concurrency: 4,
    handle: ({ connectionId }) => scheduler.hint(connectionId),
    log,
  })
  return {
    async start() {
      await hints.start()
      upkeep.start()
    },
    async stop() {
      const drained = scheduler.drain()
      await Promise.all([hints.stop(), upkeep.stop(), drained])
      // What was claimed while the two stopped.
      await scheduler.drain()
    },
  }
}
