import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { usageError } from '../command-error.ts'
import { holdView } from '../output/resource-views.ts'
import { addLimitOptions, given, type LimitOptions, pageSizeOf, printList } from './list-options.ts'

interface HoldOptions {
  provider?: string
  connection?: string
  project?: string
  note?: string
}

/** `switchyard admin hold`, `holds` and `release` */
export function addHoldCommands(admin: Command, cli: Cli): void {
  admin
    .command('hold')
    .description('Send no new creates of a provider, connection or project. Existing objects are not affected.')
    .option('--provider <id>', 'Of this provider.')
    .option('--connection <id>', 'Over this connection.')
    .option('--project <id>', 'Of this project.')
    .option('--note <text>', 'Why, for operators.')
    .action(async ({ provider, connection, project, note }: HoldOptions) => {
      const scope = given({ provider, connectionId: connection, projectId: project })
      if (Object.keys(scope).length === 0)
        throw usageError('Nothing is named. Give --provider, --connection or --project; all that are given must match.')
      const { creationHolds } = await cli.client()
      cli.out.record(await creationHolds.create({ ...scope, ...given({ note }) }), holdView)
    })
  addLimitOptions(admin.command('holds').description('List holds of new creates, oldest first.'))
    .option('--active', 'Only active ones.')
    .action(async ({ active, ...limits }: LimitOptions & { active?: boolean }) => {
      const { creationHolds } = await cli.client()
      const filter = { limit: pageSizeOf(limits), ...given({ active }) }
      await printList(cli, creationHolds.list(filter), { view: holdView, limits })
    })
  admin
    .command('release <id>')
    .description('Release a hold of new creates.')
    .action(async (id: string) => cli.out.record(await (await cli.client()).creationHolds.release(id), holdView))
}
