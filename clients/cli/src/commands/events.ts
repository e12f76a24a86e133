import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { eventView } from '../output/resource-views.ts'
import { untilInterrupted } from '../waiting/interruption.ts'
import { addLimitOptions, given, type LimitOptions, pageSizeOf, printList } from './list-options.ts'

type EventsOptions = LimitOptions & { follow?: boolean; cursor?: string }

/** `switchyard events`: the events of the project. */
export function addEventsCommand(program: Command, cli: Cli): void {
  const command = program
    .command('events')
    .description('Print the events of the project, oldest first, or follow new ones.')
    .option('-f, --follow', 'Print new events until interrupted.')
    .option('--cursor <cursor>', 'Start after this position of the feed.')
  addLimitOptions(command).action((options: EventsOptions) =>
    options.follow ? follow(cli, options) : list(cli, options),
  )
}

async function list(cli: Cli, { cursor, ...limits }: EventsOptions): Promise<void> {
  const { events } = await cli.client()
  await printList(cli, events.list({ limit: pageSizeOf(limits), ...given({ cursor }) }), { view: eventView, limits })
}

async function follow(cli: Cli, { cursor }: EventsOptions): Promise<void> {
  const { events } = await cli.client()
  cli.exitCode = await untilInterrupted(async (signal) => {
    for await (const event of events.stream({ signal, ...given({ cursor }) })) cli.out.item(event, eventView)
    return 0
  })
}
