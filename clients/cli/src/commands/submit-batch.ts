import type { JobBatchItem } from '@switchyard/client'
import type { Cli } from '../cli.ts'
import { exitCodes } from '../exit-codes.ts'
import { printable } from '../output/printable.ts'
import { workloadView } from '../output/resource-views.ts'
import { followBatch } from '../waiting/follow-batch.ts'

export interface BatchOptions {
  wait: boolean
  timeoutMs?: number | undefined
  idempotencyKey?: string | undefined
}

/**
 * Submits the jobs of a matrix in one request. Rejected ones are reported and do not affect the others. The exit code is
 * 0 only if all jobs are accepted and, with `wait`, succeed.
 */
export async function submitBatch(cli: Cli, requests: readonly JobBatchItem[], options: BatchOptions): Promise<void> {
  const { idempotencyKey } = options
  const { jobs: api } = await cli.client()
  const { results } = await api.submitBatch(requests, { idempotencyKey })
  const jobs = results.flatMap(({ job }) => (job === undefined ? [] : [job]))
  const rejected = results.flatMap(({ index, problem }) => (problem === undefined ? [] : [{ index, problem }]))
  for (const { index, problem } of rejected) {
    const name = printable(String(requests[index]?.name ?? index))
    cli.stderr.write(
      `${cli.paint('red', 'Rejected:')} ${name}: ${printable(problem.detail)} (${problem.status} ${problem.code})\n`,
    )
  }
  const finished = options.wait && jobs.length > 0 ? await followBatch(cli, jobs, options.timeoutMs) : jobs
  if (finished !== undefined) cli.out.list(finished, workloadView)
  if (rejected.length > 0 && cli.exitCode === exitCodes.ok) cli.exitCode = exitCodes.failed
}
