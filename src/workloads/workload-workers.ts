import type { QueueBackend } from '../queue/backend.ts'
import { makeQueueWorker } from '../queue/worker-runtime.ts'
import type { Log } from './ports.ts'
import type { Turns } from './turns.ts'
import type { Upkeep } from './upkeep.ts'

/** Everything of the engine that runs by itself. */
export interface WorkloadWorkers {
  start(): Promise<void>
  /** Takes nothing new and resolves when what is under way is written. */
  stop(): Promise<void>
}

interface Deps {
  backend: QueueBackend
  turns: Turns
  upkeep: Upkeep
  concurrency: number
  log: Log
}

export function makeWorkloadWorkers({ backend, turns, upkeep, concurrency, log }: Deps): WorkloadWorkers {
  const hints = makeQueueWorker({
    backend,
    queue: 'reconcile',
    // In the order in which they were sent, so a project that submits very many would fill every hand for a long time: the
    // other half takes what is due, wishes first and each project's share.
    concurrency: Math.max(1, Math.ceil(concurrency / 2)),
    handle: ({ workloadId }) => turns.take(workloadId),
    log,
  })
  return {
    async start() {
      await hints.start()
      upkeep.start()
    },
    async stop() {
      const drained = turns.drain()
      await Promise.all([hints.stop(), upkeep.stop(), drained])
      // What was claimed while the two stopped.
      await turns.drain()
    },
  }
}
