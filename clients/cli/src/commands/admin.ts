import { type Command, Option } from 'commander'
import type { Cli } from '../cli.ts'
import { usageError } from '../command-error.ts'
import { examineService } from '../doctor/examine-service.ts'
import { findingView } from '../doctor/finding.ts'
import { exitCodes } from '../exit-codes.ts'
import { auditView, projectView, workloadView } from '../output/resource-views.ts'
import { addLimitOptions, given, type LimitOptions, pageSizeOf, printList } from './list-options.ts'

interface ResolveOptions {
  remoteId?: string
  notCreated?: boolean
  status?: 'succeeded' | 'failed' | 'canceled'
}

/** `switchyard admin …` */
export function addAdminCommands(program: Command, cli: Cli): void {
  const admin = program.command('admin').description('Operate the service.')
  admin
    .command('doctor')
    .description(
      'Report what needs attention: the readiness of the service; the API key; connections that are held, paused, or rejected by their ' +
        'provider; orphaned remote objects; workloads with an unknown outcome, on hold, blocked or failed; failing ' +
        'webhook endpoints. The exit code is 1 if there are findings. Checks of the database are a command of the ' +
        'service: doctor.',
    )
    .option('--no-verify', 'Send no requests to providers: skip credentials and orphans.')
    .action(async ({ verify }: { verify: boolean }) => {
      const findings = await examineService(await cli.client(), { verify })
      cli.out.list(findings, findingView)
      if (findings.some(({ result }) => result !== 'ok')) cli.exitCode = exitCodes.failed
    })
  addResolve(admin, cli)
  addProjects(admin, cli)
  addAudit(admin, cli)
}

function addResolve(admin: Command, cli: Cli): void {
  admin
    .command('resolve <id>')
    .description('Decide about a job or an environment with an unknown outcome, after inspecting the provider.')
    .option('--remote-id <id>', 'This remote object was created.')
    .option('--not-created', 'Nothing was created; the create is sent again.')
    .addOption(new Option('--status <status>', 'Final status of a job.').choices(['succeeded', 'failed', 'canceled']))
    .action(async (id: string, { remoteId, notCreated, status }: ResolveOptions) => {
      const resolution = given({
        remoteId,
        outcome: notCreated === true ? ('not_created' as const) : undefined,
        status,
      })
      if (Object.keys(resolution).length !== 1)
        throw usageError('Give exactly one of --remote-id, --not-created and --status.')
      const { jobs, environments } = await cli.client()
      if (!id.startsWith('env_')) return cli.out.record(await jobs.resolve(id, resolution), workloadView)
      const { status: jobStatus, ...forEnvironment } = resolution
      if (jobStatus !== undefined) throw usageError('--status is for jobs. Use --remote-id or --not-created.')
      cli.out.record(await environments.resolve(id, forEnvironment), workloadView)
    })
}

function addProjects(admin: Command, cli: Cli): void {
  addLimitOptions(admin.command('projects').description('List projects.')).action(async (limits: LimitOptions) => {
    const { projects } = await cli.client()
    await printList(cli, projects.list({ limit: pageSizeOf(limits) }), { view: projectView, limits })
  })
  admin
    .command('create-project <name>')
    .description('Create a project. Create its first key with: keys create --project')
    .action(async (name: string) => cli.out.record(await (await cli.client()).projects.create({ name }), projectView))
}

function addAudit(admin: Command, cli: Cli): void {
  addLimitOptions(admin.command('audit').description('List entries of the audit log, newest first.'))
    .option('--action <action>', 'Only this action.')
    .option('--subject <subject>', 'Only this actor.')
    .option('--object <id>', 'Only entries about this object.')
    .action(async ({ action, subject, object, ...limits }: LimitOptions & Record<string, string>) => {
      const { audit } = await cli.client()
      const filter = { limit: pageSizeOf(limits), ...given({ action, subject, objectId: object }) }
      await printList(cli, audit.list(filter), { view: auditView, limits })
    })
}
