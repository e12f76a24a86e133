import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { providerHealthView } from '../output/health-view.ts'
import { providerView } from '../output/resource-views.ts'

/** `switchyard providers …` */
export function addProviderCommands(program: Command, cli: Cli): void {
  const providers = program.command('providers').description('Show what providers support.')
  providers
    .command('list')
    .description('List providers.')
    .action(async () => {
      const { providers: api } = await cli.client()
      cli.out.list(await api.list(), providerView)
    })
  providers
    .command('get <id>')
    .description('Print a provider: settings, credentials, fields and capabilities.')
    .action(async (id: string) => cli.out.record(await (await cli.client()).providers.get(id), providerView))
  providers
    .command('health')
    .description('Show calls, errors and latency of the last hour, by provider.')
    .action(async () => cli.out.list((await (await cli.client()).providers.health()).data, providerHealthView))
}
