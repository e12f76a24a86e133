import type { JobBatchCancelRequest } from '@switchyard/client'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { usageError } from '../command-error.ts'
import { exitCodes } from '../exit-codes.ts'
import { renderError } from '../output/error-text.ts'
import { workloadView } from '../output/resource-views.ts'
import { addWorkloadFilters, type WorkloadFilterOptions, workloadFilter } from './filters.ts'
import { given } from './list-options.ts'

type CancelAllOptions = WorkloadFilterOptions & { environment?: string; dryRun?: boolean }

/** `switchyard jobs cancel` and `switchyard jobs cancel-all` */
export function addCancelCommands(jobs: Command, cli: Cli): void {
  jobs
    .command('cancel <id...>')
    .description('Cancel jobs. One that cannot be canceled does not affect the others; the exit code is then 1.')
    .action((ids: readonly string[]) => cancelEach(cli, ids))
  const cancelAll = jobs.command('cancel-all').description('Cancel the unfinished jobs that match a filter.')
  addWorkloadFilters(cancelAll)
    .option('--environment <id>', 'Only jobs of this environment.')
    .option('--dry-run', 'Only report how many jobs would be canceled.')
    .action((options: CancelAllOptions) => cancelAllMatching(cli, options))
}

async function cancelEach(cli: Cli, ids: readonly string[]): Promise<void> {
  const { jobs } = await cli.client()
  const { out, stderr, paint } = cli
  for (const id of ids) {
    try {
      out.item(await jobs.cancel(id), workloadView)
    } catch (error) {
      cli.exitCode = exitCodes.failed
      stderr.write(renderError(error, { json: out.format === 'json', paint }))
    }
  }
}

async function cancelAllMatching(
  cli: Cli,
  { dryRun = false, environment, ...options }: CancelAllOptions,
): Promise<void> {
  const filter = { ...workloadFilter(options), ...given({ environmentId: environment }) }
  if (Object.keys(filter).length === 0) throw usageError('No filter is given. Use --label, --status or another filter.')
  const { jobs } = await cli.client()
  const request = { filter, dryRun } as JobBatchCancelRequest
  const total = { matched: 0, requested: 0, unchanged: 0, unsupported: 0 }
  let cursor: string | undefined
  do {
    const data = await jobs.cancelBatch({ ...request, ...given({ cursor }) })
    total.matched += data.matched
    total.requested += data.requested
    total.unchanged += data.unchanged
    total.unsupported += data.unsupported
    cursor = data.nextCursor
  } while (cursor !== undefined)
  cli.out.record({ dryRun, ...total }, { columns: [], name: 'requested' })
}
