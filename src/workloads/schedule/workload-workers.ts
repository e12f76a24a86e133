import type { QueueBackend } from '../../queue/backend.ts'
import { makeQueueWorker } from '../../queue/worker-runtime.ts'
import type { Log } from '../ports.ts'
import type { Poller } from './poller.ts'
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
  poller: Poller
  log: Log
}

export function makeWorkloadWorkers({ backend, scheduler, poller, log }: Deps): WorkloadWorkers {
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
      poller.start()
    },
    async stop() {
      const drained = scheduler.drain()
      await Promise.all([hints.stop(), poller.stop(), drained])
      // What was claimed while the two stopped.
      await scheduler.drain()
    },
  }
}
