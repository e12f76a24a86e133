import type { Environment, EnvironmentRequest } from '@switchyard/client'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { parseDuration } from '../input/durations.ts'
import { recordEventView, workloadView } from '../output/resource-views.ts'
import { type EnvironmentWait, waitForEnvironment } from '../waiting/wait-for-environment.ts'
import { addAccessCommands } from './environment-access.ts'
import { addWorkloadListOptions, type WorkloadListOptions, workloadFilter } from './filters.ts'
import { addImportCommand } from './import-object.ts'
import { given, pageSizeOf, printList } from './list-options.ts'
import { addPreviewOptions, type PreviewOptions, showPreview } from './preview.ts'
import { addRecordEventsCommand } from './record-events.ts'
import { addRequestOptions, type RequestOptions, readRequest } from './request-options.ts'

interface WaitOptions {
  wait?: boolean
  timeout?: number
}

/** `switchyard environments …` */
export function addEnvironmentCommands(program: Command, cli: Cli): void {
  const environments = program.command('environments').alias('envs').description('Create and use environments.')
  addCreate(environments, cli)
  addPreview(environments, cli)
  addImportCommand(environments, cli, {
    what: 'an environment',
    importObject: async (request) => (await cli.client()).environments.import(request),
  })
  addList(environments, cli)
  addGet(environments, cli)
  addStart(environments, cli)
  addStop(environments, cli)
  addDelete(environments, cli)
  addAccessCommands(environments, cli)
  addRecordEventsCommand(environments, cli, {
    what: 'environment',
    list: async (id, options) => (await cli.client()).environments.events(id, options),
    stream: async (id, options) => (await cli.client()).environments.streamEvents(id, options),
    view: recordEventView,
  })
}

function addWaitOptions(command: Command, status: string): Command {
  return command
    .option('--wait', `Wait until the environment is ${status}.`)
    .option('--timeout <duration>', 'Stop waiting after this time, such as 90s or 2h.', parseDuration)
}

/** Prints the accepted record, or the one that is waited for. */
async function finish(
  cli: Cli,
  accepted: Environment,
  { wait, timeout, status }: WaitOptions & Pick<EnvironmentWait, 'status'>,
): Promise<void> {
  if (wait !== true) return cli.out.record(accepted, workloadView)
  const settled = await waitForEnvironment(cli, accepted, { status, timeoutMs: timeout })
  // The difference to the expected status has been reported as text.
  if (settled !== undefined && (cli.exitCode === 0 || cli.out.format !== 'table')) cli.out.record(settled, workloadView)
}

function addCreate(environments: Command, cli: Cli): void {
  const create = environments.command('create').description('Create an environment.')
  addWaitOptions(addRequestOptions(create, 'environment'), 'running')
    .option('--idempotency-key <key>', 'Create this environment at most once.')
    .action(async (options: RequestOptions & WaitOptions & { idempotencyKey?: string }) => {
      const request = await readRequest<EnvironmentRequest>(cli, options)
      const { environments: api } = await cli.client()
      const accepted = await api.create(request, given({ idempotencyKey: options.idempotencyKey }))
      await finish(cli, accepted, { ...options, status: 'running' })
    })
}

function addPreview(environments: Command, cli: Cli): void {
  const preview = environments
    .command('preview')
    .description("Validate an environment and show the provider's request without sending it.")
  addPreviewOptions(preview, 'environment').action(async ({ askProvider, ...options }: PreviewOptions) => {
    const request = await readRequest<EnvironmentRequest>(cli, options)
    const { environments: api } = await cli.client()
    showPreview(cli, await api.preview(request, { askProvider }))
  })
}

function addList(environments: Command, cli: Cli): void {
  const list = environments.command('list').description('List environments, newest first.')
  addWorkloadListOptions(list).action(async (options: WorkloadListOptions) => {
    const { environments: api } = await cli.client()
    const filter = { ...workloadFilter(options), limit: pageSizeOf(options) }
    const view = workloadView
    await printList(cli, api.list(filter as Parameters<typeof api.list>[0]), { view, limits: options })
  })
}

function addGet(environments: Command, cli: Cli): void {
  environments
    .command('get <id>')
    .description('Print an environment.')
    .action(async (id: string) => cli.out.record(await (await cli.client()).environments.get(id), workloadView))
}

function addStart(environments: Command, cli: Cli): void {
  const start = environments.command('start <id>').description('Start a stopped environment.')
  addWaitOptions(start, 'running').action(async (id: string, options: WaitOptions) => {
    const accepted = await (await cli.client()).environments.start(id)
    await finish(cli, accepted, { ...options, status: 'running' })
  })
}

function addStop(environments: Command, cli: Cli): void {
  const stop = environments.command('stop <id>').description('Stop an environment.')
  addWaitOptions(stop, 'stopped').action(async (id: string, options: WaitOptions) => {
    const accepted = await (await cli.client()).environments.stop(id)
    await finish(cli, accepted, { ...options, status: 'stopped' })
  })
}

function addDelete(environments: Command, cli: Cli): void {
  const remove = environments.command('delete <id>').description('Delete an environment.')
  addWaitOptions(remove, 'deleted')
    .option('--cancel-jobs', 'Cancel its active jobs first.')
    .option('--remote', 'For an imported environment: also delete the remote object.')
    .action(async (id: string, options: WaitOptions & { cancelJobs?: boolean; remote?: boolean }) => {
      const { cancelJobs, remote } = options
      const accepted = await (await cli.client()).environments.delete(id, given({ cancelJobs, remote }))
      await finish(cli, accepted, { ...options, status: 'deleted' })
    })
}
