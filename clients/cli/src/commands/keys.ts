import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { parseDuration, parseExpiry } from '../input/durations.ts'
import { keyView } from '../output/resource-views.ts'
import { addLimitOptions, collectWords, given, type LimitOptions, pageSizeOf, printList } from './list-options.ts'

const shownOnce = 'The key is shown only once. Store it now.'

interface CreateOptions {
  name: string
  scopes: string[]
  project?: string
  expires?: string
}

/** `switchyard keys …` */
export function addKeyCommands(program: Command, cli: Cli): void {
  const keys = program.command('keys').description('Manage API keys.')
  keys
    .command('create')
    .description('Create an API key and print it once.')
    .requiredOption('--name <name>', 'Name of the key.')
    .requiredOption('--scopes <scopes>', 'Scopes, such as jobs:read,jobs:write.', collectWords)
    .option('--project <id>', 'Project; by default the project of the current key.')
    .option('--expires <time>', 'Expiry: a duration such as 90d, or a timestamp.', (text) =>
      parseExpiry(text, Date.now()),
    )
    .action(async ({ name, scopes, project, expires }: CreateOptions) => {
      const { apiKeys } = await cli.client()
      const request = { name, scopes, ...given({ projectId: project, expiresAt: expires }) }
      cli.out.record(await apiKeys.create(request as Parameters<typeof apiKeys.create>[0]), keyView)
      cli.out.note(shownOnce)
    })
  addLimitOptions(keys.command('list').description('List API keys.'))
    .option('--project <id>', 'Only keys of this project.')
    .action(async ({ project, ...limits }: LimitOptions & { project?: string }) => {
      const { apiKeys } = await cli.client()
      const filter = { limit: pageSizeOf(limits), ...given({ projectId: project }) }
      await printList(cli, apiKeys.list(filter), { view: keyView, limits })
    })
  keys
    .command('get <id>')
    .description('Print an API key, without the secret.')
    .action(async (id: string) => cli.out.record(await (await cli.client()).apiKeys.get(id), keyView))
  keys
    .command('revoke <id>')
    .description('Revoke an API key.')
    .action(async (id: string) => cli.out.record(await (await cli.client()).apiKeys.revoke(id), keyView))
  keys
    .command('rotate <id>')
    .description('Replace an API key and print the new one once.')
    .option('--overlap <duration>', 'Time for which the previous key remains valid.', parseDuration)
    .option('--expires <time>', 'Expiry of the new key.', (text) => parseExpiry(text, Date.now()))
    .action(async (id: string, { overlap, expires }: { overlap?: number; expires?: string }) => {
      const { apiKeys } = await cli.client()
      const overlapSeconds = overlap === undefined ? undefined : overlap / 1000
      cli.out.record(await apiKeys.rotate(id, given({ overlapSeconds, expiresAt: expires })), keyView)
      cli.out.note(shownOnce)
    })
}
