import type { AttentionFilter, AttentionResolveRequest, WorkloadResolution } from '@switchyard/client'
import { type Command, Option } from 'commander'
import type { Cli } from '../cli.ts'
import { usageError } from '../command-error.ts'
import { exitCodes } from '../exit-codes.ts'
import { parsePast } from '../input/durations.ts'
import { attentionView, candidateView, resolvedView, workloadView } from '../output/resource-views.ts'
import { addLimitOptions, collectWords, given, type LimitOptions, pageSizeOf, printList } from './list-options.ts'

interface FilterOptions {
  state?: NonNullable<AttentionFilter['state']>
  provider?: string
  connection?: string
  project?: string
  kind?: 'job' | 'environment'
  code?: string
  olderThan?: string
}

interface ResolveOptions extends FilterOptions {
  remoteId?: string
  notCreated?: boolean
  retry?: boolean
  status?: 'succeeded' | 'failed' | 'canceled'
  dryRun?: boolean
}

/** `switchyard admin attention`, `candidates` and `resolve` */
export function addAttentionCommands(admin: Command, cli: Cli): void {
  const list = admin
    .command('attention')
    .description('List jobs and environments of all projects that need an operator, longest waiting first.')
  addLimitOptions(addFilters(list)).action(async (options: FilterOptions & LimitOptions) => {
    const { attention } = await cli.client()
    const filter = { ...filterOf(options), limit: pageSizeOf(options) }
    await printList(cli, attention.list(filter), { view: attentionView, limits: options })
  })
  admin
    .command('candidates <id>')
    .description('Search the provider for the object of an open create.')
    .action(async (id: string) => {
      const report = await (await cli.client()).attention.candidates(id)
      cli.out.list(report.candidates, candidateView)
      if (!report.isComplete) cli.out.note(report.message ?? 'The search was not complete.')
    })
  addResolve(admin, cli)
}

function addResolve(admin: Command, cli: Cli): void {
  const command = admin
    .command('resolve [id]')
    .description(
      'Decide about a job or an environment with an unknown outcome, after inspecting the provider; or, without an id, about all that match ' +
        'a filter. Those are printed as they are resolved; the exit code is 1 if any was not.',
    )
    .option('--remote-id <id>', 'This remote object was created.')
    .option('--not-created', 'Nothing was created; the create is sent again.')
    .option('--retry', 'Process a parked job or environment again.')
    .addOption(new Option('--status <status>', 'Final status of a job.').choices(['succeeded', 'failed', 'canceled']))
  addFilters(command)
    .option('--dry-run', 'Only report what a filter would resolve.')
    .action((id: string | undefined, options: ResolveOptions) =>
      id === undefined ? resolveMatching(cli, options) : resolveOne(cli, id, options),
    )
}

async function resolveOne(cli: Cli, id: string, options: ResolveOptions): Promise<void> {
  if (options.dryRun === true || Object.keys(filterOf(options)).length > 0)
    throw usageError('An id excludes filters and --dry-run.')
  const resolution = resolutionOf(options)
  if (resolution.status !== undefined && id.startsWith('env_'))
    throw usageError('--status is for jobs. Use --remote-id, --not-created or --retry.')
  cli.out.record(await (await cli.client()).attention.resolve(id, resolution), workloadView)
}

/**
 * Each page is printed as it arrives: its workloads stay resolved if a later one fails. The exit code is 1 if any
 * was not resolved.
 */
async function resolveMatching(cli: Cli, { dryRun = false, ...options }: ResolveOptions): Promise<void> {
  const filter = filterOf(options)
  const { remoteId, ...resolution } = resolutionOf(options)
  if (remoteId !== undefined) throw usageError('--remote-id is for one job or environment. Give its id.')
  if (Object.keys(filter).length === 0) throw usageError('Give an id, or a filter such as --provider or --code.')
  const { attention } = await cli.client()
  const request: AttentionResolveRequest = { filter, resolution, dryRun }
  let [matched, resolved] = [0, 0]
  let cursor: string | undefined
  const summary = () => `${resolved} of ${matched} ${dryRun ? 'would be' : 'are'} resolved.`
  try {
    do {
      const page = await attention.resolveMatching({ ...request, ...given({ cursor }) })
      for (const item of page.items) cli.out.item(item, resolvedView)
      matched += page.items.length
      resolved += page.items.filter(({ result }) => result === 'resolved' || result === 'resolvable').length
      cursor = page.nextCursor
    } while (cursor !== undefined)
  } catch (error) {
    if (matched > 0) cli.out.note(`${summary()} Repeat the command for the others.`)
    throw error
  }
  cli.out.note(summary())
  if (resolved < matched && !dryRun) cli.exitCode = exitCodes.failed
}

function resolutionOf({ remoteId, notCreated, retry, status }: ResolveOptions): WorkloadResolution {
  const outcomes = [...(notCreated === true ? ['not_created'] : []), ...(retry === true ? ['retry'] : [])]
  const count = outcomes.length + Object.keys(given({ remoteId, status })).length
  if (count !== 1) throw usageError('Give exactly one of --remote-id, --not-created, --retry and --status.')
  return given({ remoteId, status, outcome: outcomes[0] as 'not_created' | 'retry' | undefined })
}

function addFilters(command: Command): Command {
  return command
    .option('--state <state>', 'Only these states: parked, unknown, recovering (repeatable).', collectWords)
    .option('--provider <id>', 'Only of this provider.')
    .option('--connection <id>', 'Only over this connection.')
    .option('--project <id>', 'Only of this project.')
    .addOption(new Option('--kind <kind>', 'Only of this kind.').choices(['job', 'environment']))
    .option('--code <code>', 'Only with this error code or reason.')
    .option('--older-than <time>', 'Only those that have waited since before this time, or for so long: 2h.', (text) =>
      parsePast(text, Date.now()),
    )
}

function filterOf({ state, provider, connection, project, kind, code, olderThan }: FilterOptions) {
  return given({
    ...{ state, provider, kind, code },
    ...{ connectionId: connection, projectId: project, sinceBefore: olderThan },
  })
}
