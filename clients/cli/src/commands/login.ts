import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { usageError } from '../command-error.ts'
import { readText } from '../input/files.ts'
import { canPrompt, promptSecret, promptText, secretOf } from '../input/prompts.ts'
import { profilesPath, readProfiles, writeProfiles } from '../settings/profiles.ts'
import { isUnencrypted, parseServiceUrl } from '../settings/service-address.ts'
import { addProfileCommands } from './profiles.ts'

interface LoginOptions {
  profile?: string
  url?: string
  keyFile?: string
}

/** Address of a service that runs on this machine with its default settings. */
const localUrl = 'http://127.0.0.1:8080'

/** `switchyard login` and `switchyard profiles …` */
export function addLoginCommands(program: Command, cli: Cli): void {
  program
    .command('login')
    .description('Check an API key and store it in a profile.')
    .option('--key-file <file>', 'Read the API key from a file; - reads standard input.')
    .action(async (_options: object, command: Command) => login(cli, command.optsWithGlobals<LoginOptions>()))
  addProfileCommands(program, cli)
}

async function login(cli: Cli, options: LoginOptions): Promise<void> {
  const path = profilesPath(cli.env)
  const { current, profiles } = await readProfiles(path)
  const name = nameOf(options.profile ?? (cli.env.SWITCHYARD_PROFILE || current || 'default'))
  const existing = Object.hasOwn(profiles, name) ? profiles[name] : undefined
  const url = parseServiceUrl(await findUrl(cli, options, existing?.url))
  if (isUnencrypted(url))
    cli.out.note(`Warning: ${url} is not encrypted, and the key can be read on the network. Use https.`)
  const apiKey = await readKey(cli, url, options)
  await checkKey(url, apiKey)
  await writeProfiles(path, { current: name, profiles: { ...profiles, [name]: { url, apiKey } } })
  cli.out.note(`Logged in to ${url}. Profile ${name} is stored in ${path} and is now the current one.`)
}

function nameOf(name: string): string {
  if (/^[A-Za-z0-9][\w.-]{0,63}$/.test(name) && name !== 'constructor') return name
  throw usageError(`${JSON.stringify(name)} is not a profile name. Use letters, digits, dots, hyphens and underscores.`)
}

/** A profile that is named has the address of the option or its own: a variable may be set for another service. */
async function findUrl(cli: Cli, { url, profile }: LoginOptions, existing: string | undefined): Promise<string> {
  const known = url ?? (profile === undefined ? cli.env.SWITCHYARD_URL : undefined)
  if (known) return known
  if (canPrompt(cli)) return promptText(cli, 'URL of the service', existing ?? localUrl)
  if (existing !== undefined) return existing
  const remedy = profile === undefined ? ', or set SWITCHYARD_URL' : '; with --profile, SWITCHYARD_URL is not read'
  throw usageError(`No URL is given. Use --url, such as https://switchyard.example.com${remedy}.`)
}

async function readKey(cli: Cli, url: string, { keyFile }: LoginOptions): Promise<string> {
  if (keyFile !== undefined)
    return secretOf(await readText(keyFile, cli.stdin), keyFile === '-' ? 'Standard input' : keyFile)
  if (canPrompt(cli)) return promptSecret(cli, `API key for ${url}`, { optional: false })
  return secretOf(await readText('-', cli.stdin), 'Standard input')
}

/** Every valid key may list the providers. */
async function checkKey(url: string, apiKey: string): Promise<void> {
  const { Switchyard } = await import('@switchyard/client')
  await new Switchyard({ url, apiKey, maxRetries: 1 }).providers.list()
}
