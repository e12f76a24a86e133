import { makeHttpClient } from '../../src/providers/kit/http.ts'
import { slurmProvider } from '../../src/providers/slurm/index.ts'
import type { SlurmCluster } from './slurm-cluster.ts'

/** Cancels a job by the driver, without Switchyard around it, which would wait for the controller. */
export async function cancelByDriver({ url, user, key }: SlurmCluster, remoteId: string): Promise<void> {
  const clock = { now: () => new Date(), monotonicMs: () => performance.now() }
  // slurmrestd tries for 9 seconds to reach its controller for a cancel, and for 20 seconds for a read.
  const limits = { connectTimeoutMs: 2000, timeoutMs: 60_000, maxResponseBytes: 30_000_000 }
  const http = makeHttpClient({ baseUrl: url, clock, ...limits })
  try {
    const settings = { baseUrl: url, user, defaultWorkingDirectory: '/tmp' }
    const { job } = slurmProvider.open({ settings, credentials: { key }, http, clock }).drivers
    const cancel = job?.controls?.cancel
    if (cancel === undefined) throw new Error('slurm has no cancel')
    await cancel(remoteId, AbortSignal.timeout(60_000))
  } finally {
    await http.close()
  }
}
