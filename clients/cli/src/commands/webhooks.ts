import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { usageError } from '../command-error.ts'
import { exitCodes } from '../exit-codes.ts'
import { parseDuration, parsePast } from '../input/durations.ts'
import { deliveryView, webhookView } from '../output/resource-views.ts'
import { addLimitOptions, collectWords, given, type LimitOptions, pageSizeOf, printList } from './list-options.ts'

interface EndpointOptions {
  url?: string
  events?: string[]
  description?: string
  enabled?: boolean
}

const shownOnce = 'The secret is shown only once. Store it where the receiver can read it.'

/** `switchyard webhooks …` */
export function addWebhookCommands(program: Command, cli: Cli): void {
  const webhooks = program.command('webhooks').description('Manage webhook endpoints and their deliveries.')
  addEndpointCommands(webhooks, cli)
  addChangeCommands(webhooks, cli)
  addDeliveryCommands(webhooks, cli)
}

function addEndpointOptions(command: Command): Command {
  return command
    .option('--events <types>', 'Event types, such as job.succeeded,environment.*; all by default.', collectWords)
    .option('--description <text>', 'Description.')
    .option('--disabled', 'Create and send no deliveries.')
}

function fieldsOf({ events, description, enabled }: EndpointOptions) {
  return given({ eventTypes: events, description, enabled })
}

function addEndpointCommands(webhooks: Command, cli: Cli): void {
  addEndpointOptions(
    webhooks.command('create <url>').description('Create an endpoint and print its signing secret once.'),
  ).action(async (url: string, { disabled, ...options }: EndpointOptions & { disabled?: boolean }) => {
    const { webhookEndpoints } = await cli.client()
    const enabled = disabled === true ? false : undefined
    cli.out.record(
      await webhookEndpoints.create({ url, ...fieldsOf({ ...options, ...given({ enabled }) }) }),
      webhookView,
    )
    cli.out.note(shownOnce)
  })
  addLimitOptions(webhooks.command('list').description('List endpoints.')).action(async (limits: LimitOptions) => {
    const { webhookEndpoints } = await cli.client()
    await printList(cli, webhookEndpoints.list({ limit: pageSizeOf(limits) }), { view: webhookView, limits })
  })
  webhooks
    .command('get <id>')
    .description('Print an endpoint.')
    .action(async (id: string) => cli.out.record(await (await cli.client()).webhookEndpoints.get(id), webhookView))
}

function addChangeCommands(webhooks: Command, cli: Cli): void {
  addEndpointOptions(webhooks.command('update <id>').description('Change an endpoint.'))
    .option('--address <url>', 'Delivery URL.')
    .option('--enabled', 'Create and send deliveries.')
    .action(async (id: string, options: EndpointOptions & { address?: string; disabled?: boolean }) => {
      if (options.enabled === true && options.disabled === true)
        throw usageError('--enabled and --disabled exclude each other. Use one.')
      const { webhookEndpoints } = await cli.client()
      const enabled = options.enabled ?? (options.disabled === true ? false : undefined)
      const patch = { ...given({ url: options.address }), ...fieldsOf({ ...options, ...given({ enabled }) }) }
      cli.out.record(await webhookEndpoints.update(id, patch), webhookView)
    })
  webhooks
    .command('delete <id>')
    .description('Delete an endpoint.')
    .action(async (id: string) => {
      await (await cli.client()).webhookEndpoints.delete(id)
      cli.out.note(`${id} is deleted.`)
    })
  webhooks
    .command('rotate-secret <id>')
    .description('Replace the signing secret and print the new one once.')
    .option('--overlap <duration>', 'Time for which the previous secret also signs.', parseDuration)
    .action(async (id: string, { overlap }: { overlap?: number }) => {
      const { webhookEndpoints } = await cli.client()
      const overlapSeconds = overlap === undefined ? undefined : overlap / 1000
      cli.out.record(await webhookEndpoints.rotateSecret(id, given({ overlapSeconds })), webhookView)
      cli.out.note(shownOnce)
    })
}

function addDeliveryCommands(webhooks: Command, cli: Cli): void {
  addLimitOptions(webhooks.command('deliveries <id>').description('List the deliveries of an endpoint, newest first.'))
    .option('--status <status>', 'Only this status: pending, delivered or failed.')
    .action(async (id: string, { status, ...limits }: LimitOptions & { status?: string }) => {
      const { webhookEndpoints: api } = await cli.client()
      const filter = { limit: pageSizeOf(limits), ...given({ status }) }
      const list = api.deliveries(id, filter as Parameters<typeof api.deliveries>[1])
      await printList(cli, list, { view: deliveryView, limits })
    })
  webhooks
    .command('test <id>')
    .description('Send a test event.')
    .action(async (id: string) => cli.out.record(await (await cli.client()).webhookEndpoints.test(id), deliveryView))
  webhooks
    .command('redeliver <id> <delivery>')
    .description('Send a delivery again.')
    .action(async (id: string, delivery: string) =>
      cli.out.record(await (await cli.client()).webhookEndpoints.redeliver(id, delivery), deliveryView),
    )
  webhooks
    .command('replay <id>')
    .description('Send the failed deliveries again, up to 50,000. The exit code is 1 if more remain.')
    .requiredOption('--since <time>', 'Of events since this time, or since so long ago: 6h.', (text) =>
      parsePast(text, Date.now()),
    )
    .action((id: string, { since }: { since: string }) => replay(cli, id, since))
}

async function replay(cli: Cli, id: string, since: string): Promise<void> {
  const { webhookEndpoints } = await cli.client()
  const result = await webhookEndpoints.replay(id, { since })
  cli.out.record(result, { columns: [], name: 'count' })
  if (result.isComplete) return
  // Not repeated here: deliveries that fail again immediately would be re-queued forever.
  cli.exitCode = exitCodes.failed
  cli.out.note('More failed deliveries remain. Run the command again.')
}
