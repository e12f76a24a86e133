import { setTimeout as sleep } from 'node:timers/promises'
import type { Program } from './program.ts'
import type { LoadResult } from './programs/load.ts'
import { apiKey, startLoad, startService } from './services.ts'
import type { Stack } from './stack.ts'

const pollMs = 50
/**
 * Pause between progress queries, as a multiple of their duration: a query reads every job, and with 30,000 it takes 15
 * ms of a core that the worker needs as well.
 */
const pauseTimes = 10
const timeoutMs = 240_000

/** Number of jobs still `queued` or `dispatching`, and of leases held now. */
export const ownProgress = `SELECT count(*) FILTER (WHERE status IN ('queued', 'dispatching')) AS left,
  count(*) FILTER (WHERE lease_until > now()) AS leases FROM workloads`

/** Submits jobs to the first project while no worker runs. */
export async function submitBacklog(stack: Stack, jobs: number): Promise<void> {
  const [api, load] = await Promise.all([startService(stack, 'api'), startLoad()])
  const authorization = `Bearer ${apiKey}`
  const { accepted } = await load.send<LoadResult>({
    url: api.url,
    connections: Math.min(jobs, 50),
    amount: jobs,
    authorization,
  })
  await Promise.all([api.stop(), load.stop()])
  if (accepted !== jobs) throw new Error(`Of ${jobs} jobs ${accepted} were accepted.`)
  await stack.pool.query('VACUUM ANALYZE')
}

/**
 * Polls the progress of a backlog.
 *
 * @param progress a query that returns `left` and `leases`
 */
export function watchBacklog(stack: Stack, progress: string, workers: readonly Program<unknown>[]) {
  const deadline = performance.now() + timeoutMs
  let maxLeases = 0
  return {
    mostLeases: () => maxLeases,
    /** Resolves with the number of remaining jobs once it meets the condition. */
    async until(isReached: (left: number) => boolean): Promise<number> {
      for (;;) {
        const queriedAtMs = performance.now()
        const { rows } = await stack.pool.query<{ left: string; leases: string }>(progress)
        const tookMs = performance.now() - queriedAtMs
        const left = Number(rows[0]?.left)
        maxLeases = Math.max(maxLeases, Number(rows[0]?.leases))
        if (isReached(left)) return left
        const ended = workers.find((worker) => worker.hasEnded())
        if (ended !== undefined) throw new Error(`A worker ended: ${ended.output()}`)
        if (performance.now() > deadline) throw new Error(`${left} jobs are left after ${timeoutMs / 1000} s.`)
        await sleep(Math.max(pollMs, pauseTimes * tookMs))
      }
    },
  }
}
