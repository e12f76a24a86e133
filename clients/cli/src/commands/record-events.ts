import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import type { Row, View } from '../output/views.ts'
import { untilInterrupted } from '../waiting/interruption.ts'
import { addLimitOptions, type LimitOptions, pageSizeOf, printList } from './list-options.ts'

export interface RecordEvents {
  /** `job` or `environment`. */
  what: string
  list(id: string, options: { limit: number }): Promise<AsyncIterable<Row>>
  stream(id: string, options: { signal: AbortSignal }): Promise<AsyncIterable<Row>>
  view: View
}

/** `events <id>`: the history of one record. */
export function addRecordEventsCommand(group: Command, cli: Cli, { what, list, stream, view }: RecordEvents): void {
  const command = group
    .command('events <id>')
    .description(`Print the events of ${what === 'job' ? 'a job' : 'an environment'}, oldest first.`)
    .option('-f, --follow', 'Continue with new events until the final status.')
  addLimitOptions(command).action(async (id: string, { follow, ...limits }: LimitOptions & { follow?: boolean }) => {
    if (follow !== true) return printList(cli, await list(id, { limit: pageSizeOf(limits) }), { view, limits })
    cli.exitCode = await untilInterrupted(async (signal) => {
      for await (const event of await stream(id, { signal })) cli.out.item(event, view)
      return 0
    })
  })
}
