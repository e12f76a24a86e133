import type { JobImport } from '@switchyard/client'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { applyAssignments } from '../input/assignments.ts'
import { workloadView } from '../output/resource-views.ts'
import type { Row } from '../output/views.ts'
import { collect } from './list-options.ts'

/** `import <connection> <remoteId>`: a record for an object that exists at the provider. */
export function addImportCommand(
  group: Command,
  cli: Cli,
  { what, importObject }: { what: string; importObject(request: JobImport): Promise<Row> },
): void {
  group
    .command('import <connection> <remoteId>')
    .description(`Import ${what} that exists at the provider.`)
    .option('--set <path=value>', 'Set a field, name or labels.team=vision; repeatable.', collect)
    .action(async (connectionId: string, remoteId: string, { set = [] }: { set?: readonly string[] }) => {
      const fields = applyAssignments({}, set)
      cli.out.record(await importObject({ ...fields, connectionId, remoteId }), workloadView)
    })
}
