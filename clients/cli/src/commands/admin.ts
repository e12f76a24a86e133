import { once } from 'node:events'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { examineService } from '../doctor/examine-service.ts'
import { findingView } from '../doctor/finding.ts'
import { exitCodes } from '../exit-codes.ts'
import { auditView, projectView } from '../output/resource-views.ts'
import { addAttentionCommands } from './attention.ts'
import { addHoldCommands } from './holds.ts'
import { addLimitOptions, given, type LimitOptions, pageSizeOf, printList } from './list-options.ts'

/** `switchyard admin …` */
export function addAdminCommands(program: Command, cli: Cli): void {
  const admin = program.command('admin').description('Operate the service.')
  admin
    .command('doctor')
    .description(
      'Report what needs attention: the readiness of the service; the API key; connections that are held, paused, or rejected by their ' +
        'provider; orphaned remote objects; holds of new creates; workloads with an unknown outcome, on hold, blocked or failed; failing ' +
        'webhook endpoints. The exit code is 1 if there are findings. Checks that the API key does not permit are skipped. Checks of the ' +
        'database are a command of the service: doctor.',
    )
    .option('--no-verify', 'Send no requests to providers: skip credentials and orphans.')
    .action(async ({ verify }: { verify: boolean }) => {
      const findings = await examineService(await cli.client(), { verify })
      cli.out.list(findings, findingView)
      if (findings.some(({ result }) => result !== 'ok' && result !== 'skipped')) cli.exitCode = exitCodes.failed
    })
  addAttentionCommands(admin, cli)
  addHoldCommands(admin, cli)
  addProjects(admin, cli)
  addAudit(admin, cli)
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
  admin
    .command('audit-export')
    .description('Write the audit log as lines of JSON, oldest first, without the last minute.')
    .option('--action <action>', 'Only this action.')
    .option('--subject <subject>', 'Only this actor.')
    .option('--object <id>', 'Only entries about this object.')
    .option('--after <id>', 'Only entries after this one, to continue an earlier export.')
    .action(async ({ action, subject, object, after }: Record<string, string>) => {
      const { audit } = await cli.client()
      for await (const entry of audit.export(given({ action, subject, objectId: object, after })))
        if (!cli.stdout.write(`${JSON.stringify(entry)}\n`)) await once(cli.stdout, 'drain')
    })
}
