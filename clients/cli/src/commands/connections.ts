import type { ConnectionPatch, ConnectionRequest } from '@switchyard/client'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { usageError } from '../command-error.ts'
import { exitCodes } from '../exit-codes.ts'
import { readCredentials } from '../input/credentials.ts'
import { isJsonObject, type JsonObject } from '../input/json.ts'
import { addNetworkOptions, type NetworkOptions, readNetwork } from '../input/network.ts'
import { connectionHealthView } from '../output/health-view.ts'
import { connectionView } from '../output/resource-views.ts'
import { addLimitOptions, given, type LimitOptions, pageSizeOf, printList } from './list-options.ts'
import { addRequestOptions, type RequestOptions, readRequest } from './request-options.ts'

type CreateOptions = RequestOptions & NetworkOptions & { provider?: string; name?: string; credentialsFile?: string }

interface UpdateOptions extends RequestOptions, NetworkOptions {
  name?: string
  hold?: boolean
  release?: boolean
  credentialsFile?: string
  credentials?: boolean
}

/** `switchyard connections …` */
export function addConnectionCommands(program: Command, cli: Cli): void {
  const connections = program.command('connections').description('Manage accounts at providers.')
  addReads(connections, cli)
  addCreate(connections, cli)
  addUpdate(connections, cli)
  addVerify(connections, cli)
  connections
    .command('delete <id>')
    .description('Delete a connection.')
    .action(async (id: string) => {
      await (await cli.client()).connections.delete(id)
      cli.out.note(`${id} is deleted.`)
    })
}

function addReads(connections: Command, cli: Cli): void {
  addLimitOptions(connections.command('list').description('List connections.'))
    .option('--provider <id>', 'Only this provider.')
    .action(async ({ provider, ...limits }: LimitOptions & { provider?: string }) => {
      const { connections: api } = await cli.client()
      const list = api.list({ limit: pageSizeOf(limits), ...given({ provider }) })
      await printList(cli, list, { view: connectionView, limits })
    })
  connections
    .command('get <id>')
    .description('Print a connection. Credentials are never returned.')
    .action(async (id: string) => cli.out.record(await (await cli.client()).connections.get(id), connectionView))
  connections
    .command('catalog <id>')
    .description('Print the flavors, images and queues of a connection.')
    .action(async (id: string) =>
      cli.out.record(await (await cli.client()).connections.catalog(id), { columns: [], name: 'job' }),
    )
  connections
    .command('health <id>')
    .description('Print calls, errors and latency of the last hour, pauses and the last failure of a connection.')
    .action(async (id: string) =>
      cli.out.record(await (await cli.client()).connections.health(id), connectionHealthView),
    )
}

function addCreate(connections: Command, cli: Cli): void {
  const create = connections
    .command('create')
    .description('Create a connection. Credentials are read from a prompt, a file or standard input.')
    .option('--provider <id>', 'Provider of the account.')
    .option('--name <name>', 'Name of the connection.')
  addSourceOptions(addNetworkOptions(create), { what: 'connection', credentials: 'the credentials' }).action(
    async (options: CreateOptions) => {
      checkSources(options)
      const request = await readRequest<ConnectionRequest>(cli, options)
      const provider = options.provider ?? providerIn(request)
      if (provider === undefined)
        throw usageError('No provider is given. Use --provider <id>. See: switchyard providers list')
      checkCredentials(request, options.credentialsFile !== undefined)
      const name = options.name ?? request.name
      if (name === undefined) throw usageError('No name is given. Use --name <name>.')
      const credentials = request.credentials ?? {
        [provider]: await credentialsOf(cli, provider, options.credentialsFile),
      }
      const { connections: api } = await cli.client()
      const network = await readNetwork(cli, request, options)
      const body = { ...request, ...given({ network }), name, settings: settingsOf(request, provider), credentials }
      cli.out.record(await api.create(body), connectionView)
    },
  )
}

function addSourceOptions(command: Command, { what, credentials }: { what: string; credentials: string }): Command {
  command.option('--credentials-file <file>', `YAML or JSON file with ${credentials}; - reads standard input.`)
  return addRequestOptions(command, what)
}

function addUpdate(connections: Command, cli: Cli): void {
  const update = connections
    .command('update <id>')
    .description('Change the name, settings or credentials of a connection, or hold it.')
    .option('--name <name>', 'New name.')
    .option('--hold', 'Suspend all calls over the connection.')
    .option('--release', 'Resume the calls.')
    .option('--credentials', 'Ask for new credentials.')
  addSourceOptions(addNetworkOptions(update), { what: 'changes', credentials: 'new credentials' }).action(
    async (id: string, options: UpdateOptions) => {
      checkSources(options)
      const { connections: api } = await cli.client()
      const { provider } = await api.get(id)
      const body = await readPatch(cli, provider, options)
      if (Object.keys(body).length === 0)
        throw usageError('No change is given. See: switchyard connections update --help')
      cli.out.record(await api.update(id, body), connectionView)
    },
  )
}

async function readPatch(cli: Cli, provider: string, options: UpdateOptions): Promise<ConnectionPatch> {
  const { name, hold, release, credentialsFile: file } = options
  if (hold === true && release === true) throw usageError('--hold and --release exclude each other. Use one.')
  const patch = await readRequest<ConnectionPatch>(cli, options)
  const hasCredentials = options.credentials === true || file !== undefined
  checkCredentials(patch, hasCredentials)
  return {
    ...patch,
    ...given({
      name,
      held: hold ?? (release === true ? false : undefined),
      settings: patch.settings === undefined ? undefined : settingsOf(patch, provider),
      network: await readNetwork(cli, patch, options),
      credentials: hasCredentials ? { [provider]: await credentialsOf(cli, provider, file) } : undefined,
    }),
  }
}

function addVerify(connections: Command, cli: Cli): void {
  connections
    .command('verify <id>')
    .description('Check the credentials with the provider. The exit code is 1 if they are not accepted.')
    .action(async (id: string) => {
      const result = await (await cli.client()).connections.verify(id)
      cli.out.record(result, { columns: [], name: 'ok' })
      if (!result.ok) cli.exitCode = exitCodes.failed
    })
}

/** Arguments are visible to other users of the machine, and are kept in the history of the shell. */
function checkSources({ set = [], file, credentialsFile }: RequestOptions & { credentialsFile?: string }): void {
  if (file === '-' && credentialsFile === '-')
    throw usageError('Only one of -f and --credentials-file can be standard input.')
  if (set.some((assignment) => /^network\.(proxy\.(username|password)|clientCertificate)\b/.test(assignment)))
    throw usageError('Secrets cannot be arguments. Use --client-key-file, or the file of -f.')
  if (set.some((assignment) => /^credentials\b/.test(assignment)))
    throw usageError('Credentials cannot be arguments. Use --credentials-file, a prompt, or the file of -f.')
}

/** Two sources would leave unclear which credentials are sent. */
function checkCredentials({ credentials }: JsonObject, isGivenOtherwise: boolean): void {
  if (credentials !== undefined && isGivenOtherwise)
    throw usageError('The file of -f has credentials too. Remove them, or the option.')
}

async function credentialsOf(cli: Cli, provider: string, file: string | undefined): Promise<JsonObject> {
  const { providers } = await cli.client()
  const { credentials: schema } = await providers.get(provider)
  return readCredentials(cli, { provider, schema, file })
}

function providerIn({ settings }: JsonObject): string | undefined {
  return isJsonObject(settings) ? Object.keys(settings)[0] : undefined
}

/** Settings are keyed by provider in a request; `--set settings.baseUrl=…` may omit the provider. */
function settingsOf<T extends object>({ settings }: { settings?: T }, provider: string): T {
  // With the provider, they have the type that they are declared with.
  return settings !== undefined && Object.hasOwn(settings, provider) ? settings : ({ [provider]: settings ?? {} } as T)
}
