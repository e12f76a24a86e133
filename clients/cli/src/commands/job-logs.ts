import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { printable } from '../output/printable.ts'
import { untilInterrupted } from '../waiting/interruption.ts'
import { readLogs } from '../waiting/read-logs.ts'

/** `switchyard jobs logs`: the output of a job. */
export function addLogsCommand(jobs: Command, cli: Cli): void {
  jobs
    .command('logs <id>')
    .description('Print the logs of a job; links to logs go to standard error.')
    .option('-f, --follow', 'Continue until the job has finished.')
    .option('--timestamps', 'Begin each line with the time at which the provider received it.')
    .action(async (id: string, { follow = false, timestamps }: { follow?: boolean; timestamps?: boolean }) => {
      const { jobs: api } = await cli.client()
      cli.exitCode = await untilInterrupted((signal) =>
        printLogs(cli, (handlers) => readLogs(api, id, { follow, signal, timestamps, ...handlers })),
      )
    })
}

interface Handlers {
  onText(text: string): void
  onLink(link: { name: string; url: string }): void
  onNote(text: string): void
}

async function printLogs({ stdout, out }: Cli, read: (handlers: Handlers) => Promise<void>): Promise<number> {
  let last = '\n'
  await read({
    onText(text) {
      if (text !== '') last = text.slice(-1)
      stdout.write(text)
    },
    onLink: ({ name, url }) => out.note(`${printable(name)}: ${printable(url)}`),
    onNote: out.note,
  })
  if (last !== '\n' && stdout.isTTY) stdout.write('\n')
  return 0
}
