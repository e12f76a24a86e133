import { makeHttpClient } from '../../src/providers/kit/http.ts'
import type { Session } from '../../src/providers/session.ts'
import { slurmProvider } from '../../src/providers/slurm/index.ts'
import type { JobSpec } from '../../src/vocabulary/spec.ts'

const callMs = 30_000

/**
 * Signed call that creates a Slurm job, without ledger and lease.
 *
 * @param connection JSON with `settings` and `credentials`
 * @returns creates a job and resolves with its remote id, if the provider returns it
 */
export function makeBareDriver(connection: string): (id: string, spec: JobSpec) => Promise<string | null> {
  const { settings, credentials } = JSON.parse(connection) as Pick<Session, 'settings' | 'credentials'>
  const clock = { now: () => new Date(), monotonicMs: () => performance.now() }
  const http = makeHttpClient({
    baseUrl: slurmProvider.baseUrl(settings),
    clock,
    connectTimeoutMs: 5000,
    timeoutMs: callMs,
    maxResponseBytes: 1_000_000,
  })
  const driver = slurmProvider.open({ settings, credentials, http, clock }).drivers.job
  if (driver === undefined) throw new Error('Slurm has jobs.')
  const { signal } = new AbortController()
  return async (id, spec) => {
    const startedAt = clock.now()
    const sendBy = { at: new Date(startedAt.getTime() + callMs), monotonicMs: clock.monotonicMs() + callMs }
    const correlationTag = `m${id.replaceAll(/\W|_/g, '').slice(-20)}`
    const intent = { correlationTag, spec, environmentRemoteId: null, before: null, sendBy, firstSentAt: startedAt }
    return (await driver.create(intent, signal)).remoteId
  }
}
