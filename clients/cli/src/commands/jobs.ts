import type { JobBatchItem, JobRequest } from '@switchyard/client'
import { type Command, Option } from 'commander'
import type { Cli } from '../cli.ts'
import { usageError } from '../command-error.ts'
import { exitCodes } from '../exit-codes.ts'
import { parseDuration } from '../input/durations.ts'
import { expandMatrix } from '../input/matrix.ts'
import { recordEventView, workloadView } from '../output/resource-views.ts'
import { followJob } from '../waiting/follow-job.ts'
import { addCancelCommands } from './cancel-jobs.ts'
import { addWorkloadListOptions, type WorkloadListOptions, workloadFilter } from './filters.ts'
import { addImportCommand } from './import-object.ts'
import { addLogsCommand } from './job-logs.ts'
import { given, pageSizeOf, printList } from './list-options.ts'
import { addPreviewOptions, type PreviewOptions, showPreview } from './preview.ts'
import { addRecordEventsCommand } from './record-events.ts'
import { addRequestOptions, type RequestOptions, readRequest } from './request-options.ts'
import { submitBatch } from './submit-batch.ts'

type SubmitOptions = RequestOptions & { wait?: boolean; logs?: boolean; timeout?: number; idempotencyKey?: string }

/** `switchyard jobs …` */
export function addJobCommands(program: Command, cli: Cli): void {
  const jobs = program.command('jobs').description('Submit and follow jobs.')
  addSubmit(jobs, cli)
  addPreview(jobs, cli)
  addImportCommand(jobs, cli, {
    what: 'a job',
    importObject: async (request) => (await cli.client()).jobs.import(request),
  })
  addList(jobs, cli)
  addGet(jobs, cli)
  addWatch(jobs, cli)
  addLogsCommand(jobs, cli)
  addRecordEventsCommand(jobs, cli, {
    what: 'job',
    list: async (id, options) => (await cli.client()).jobs.events(id, options),
    stream: async (id, options) => (await cli.client()).jobs.streamEvents(id, options),
    view: recordEventView,
  })
  addCancelCommands(jobs, cli)
}

function addSubmit(jobs: Command, cli: Cli): void {
  const submit = jobs.command('submit').description('Submit a job.')
  addRequestOptions(submit, 'job')
    .option('--wait', 'Wait for the job; the exit code is that of the job.')
    .option('--logs', 'Print the logs while waiting.')
    .option('--timeout <duration>', 'Stop waiting after this time, such as 90s or 2h.', parseDuration)
    .option('--idempotency-key <key>', 'Submit this job at most once.')
    .action(async (options: SubmitOptions) => {
      checkWaiting(cli, options)
      if (options.wait === true) cli.errorExitCode = exitCodes.waitFailed
      const request = await readRequest<JobRequest>(cli, options)
      const batch = expandMatrix(request)
      if (batch !== null) return submitMatrix(cli, batch, options)
      const { jobs: api } = await cli.client()
      const job = await api.submit(request, given({ idempotencyKey: options.idempotencyKey }))
      if (options.wait !== true) return cli.out.record(job, workloadView)
      const finished = await followJob(cli, job.id, {
        ...{ stream: cli.stderr, logs: options.logs === true, timeoutMs: options.timeout },
      })
      if (finished !== undefined && options.logs !== true && cli.out.format !== 'table')
        cli.out.record(finished, workloadView)
    })
}

/** A request with a `matrix` is one job for each combination. */
async function submitMatrix(cli: Cli, requests: readonly JobBatchItem[], options: SubmitOptions): Promise<void> {
  if (options.logs === true) throw usageError('--logs is for one job. Remove it, or remove matrix from the file.')
  const { wait = false, timeout, idempotencyKey } = options
  await submitBatch(cli, requests, { wait, timeoutMs: timeout, idempotencyKey })
}

function checkWaiting({ out }: Cli, { wait, logs, timeout }: SubmitOptions): void {
  if (wait !== true && (logs === true || timeout !== undefined))
    throw usageError('--logs and --timeout require --wait, which follows the job.')
  if (logs === true && out.format !== 'table')
    throw usageError(`--logs writes text to standard output. Remove it, or remove -o ${out.format}.`)
}

function addPreview(jobs: Command, cli: Cli): void {
  const preview = jobs
    .command('preview')
    .description("Validate a job and show the provider's request without sending it.")
  addPreviewOptions(preview, 'job').action(async ({ askProvider, ...options }: PreviewOptions) => {
    const given = await readRequest<JobRequest>(cli, options)
    const batch = expandMatrix(given)
    if (batch !== null) cli.out.note(`The first of ${batch.length} jobs of the matrix:`)
    const request = batch?.[0] ?? given
    const { jobs: api } = await cli.client()
    showPreview(cli, await api.preview(request, { askProvider }))
  })
}

function addList(jobs: Command, cli: Cli): void {
  const list = jobs.command('list').description('List jobs, newest first.')
  addWorkloadListOptions(list)
    .option('--environment <id>', 'Only jobs of this environment.')
    .action(async ({ environment, ...options }: WorkloadListOptions & { environment?: string }) => {
      const { jobs: api } = await cli.client()
      const filter = {
        ...workloadFilter(options),
        ...given({ environmentId: environment }),
        limit: pageSizeOf(options),
      }
      await printList(cli, api.list(filter as Parameters<typeof api.list>[0]), { view: workloadView, limits: options })
    })
}

function addGet(jobs: Command, cli: Cli): void {
  jobs
    .command('get <id>')
    .description('Print a job.')
    .action(async (id: string) => cli.out.record(await (await cli.client()).jobs.get(id), workloadView))
}

function addWatch(jobs: Command, cli: Cli): void {
  jobs
    .command('watch <id>')
    .description('Follow a job until it has finished; the exit code is that of the job.')
    .option('--logs', 'Print the logs too.')
    .addOption(
      new Option('--timeout <duration>', 'Stop waiting after this time, such as 90s or 2h.').argParser(parseDuration),
    )
    .action(async (id: string, { logs, timeout }: { logs?: boolean; timeout?: number }) => {
      checkWaiting(cli, { wait: true, ...given({ logs }) })
      // Lines go to standard output, unless the result or the logs do.
      const isResult = cli.out.format !== 'table'
      const stream = isResult || logs === true ? cli.stderr : cli.stdout
      const finished = await followJob(cli, id, { stream, logs: logs === true, timeoutMs: timeout })
      if (finished !== undefined && isResult) cli.out.record(finished, workloadView)
    })
}
