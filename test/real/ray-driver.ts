import type { Intent } from '../../src/providers/intent.ts'
import { makeHttpClient } from '../../src/providers/kit/http.ts'
import { rayProvider } from '../../src/providers/ray/index.ts'
import type { JobSpec } from '../../src/vocabulary/spec.ts'
import type { RayCluster } from './ray-cluster.ts'

export const { signal } = new AbortController()

let counter = 0

/** The driver of a connection to a cluster, without Switchyard. */
export function openRay({ url, token }: RayCluster, credentials: object = { token }) {
  const clock = { now: () => new Date(), monotonicMs: () => performance.now() }
  const limits = { connectTimeoutMs: 2000, timeoutMs: 30_000, maxResponseBytes: 30_000_000 }
  const http = makeHttpClient({ baseUrl: url, clock, ...limits })
  const provider = rayProvider.open({ settings: { baseUrl: url }, credentials: { ...credentials }, http, clock })
  const { job } = provider.drivers
  if (job === undefined) throw new Error('ray has no jobs')

  /** Prepares an intent as the engine does. */
  async function intent(spec: Partial<JobSpec>): Promise<Intent<'job'>> {
    counter += 1
    const sendBy = { at: new Date(Date.now() + 30_000), monotonicMs: performance.now() + 30_000 }
    const full = { name: `driver-${counter}`, ...spec }
    const before = (await job?.prepare?.(full, null, signal)) ?? null
    const correlationTag = `m${counter.toString(36).padStart(11, '0')}`
    return { correlationTag, spec: full, environmentRemoteId: null, before, sendBy, firstSentAt: new Date() }
  }

  return { job, intent, verify: provider.verify, close: () => http.close() }
}
