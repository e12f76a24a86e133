import type { Switchyard } from '@switchyard/client'
import type { Cli } from '../cli.ts'
import { printable } from '../output/printable.ts'
import { profilesPath, readProfiles } from '../settings/profiles.ts'
import { resolveService } from '../settings/resolve-service.ts'

export interface Candidate {
  value: string
  description?: string
}

/** The shell waits for the values, so slow ones are omitted. */
const limitMs = 2000
const maxCandidates = 50

type Reader = (client: Switchyard, signal: AbortSignal) => AsyncIterable<Candidate> | Promise<Iterable<Candidate>>

const jobs: Reader = (client, signal) => described(client.jobs.list({ limit: maxCandidates }, { signal }))
const environments: Reader = (client, signal) =>
  described(client.environments.list({ limit: maxCandidates }, { signal }))
const connections: Reader = (client, signal) => described(client.connections.list({ limit: maxCandidates }, { signal }))
const providers: Reader = async (client, signal) =>
  (await client.providers.list({ signal })).map(({ id, title }) => ({ value: id, description: title }))

/** Sources of values: by option, or by group of commands and argument. */
const readers: Readonly<Record<string, Reader>> = {
  'jobs id': jobs,
  'environments id': environments,
  '--environment': environments,
  'connections id': connections,
  'jobs connection': connections,
  'environments connection': connections,
  '--connection': connections,
  'providers id': providers,
  '--provider': providers,
  'webhooks id': (client, signal) => described(client.webhookEndpoints.list({ limit: maxCandidates }, { signal })),
  'keys id': (client, signal) => described(client.apiKeys.list({ limit: maxCandidates }, { signal })),
}

/** Values for an option or argument. Empty if they cannot be read: completion never reports an error. */
export async function valuesOf(place: string, cli: Cli): Promise<readonly Candidate[]> {
  try {
    if (place === '--profile' || place === 'profiles name') return await profileNames(cli)
    const read = Object.hasOwn(readers, place) ? readers[place] : undefined
    return read === undefined ? [] : await readValues(read, cli)
  } catch {
    return []
  }
}

async function profileNames({ env }: Cli): Promise<readonly Candidate[]> {
  const { profiles } = await readProfiles(profilesPath(env))
  return Object.entries(profiles).map(([value, { url }]) => ({ value, description: url }))
}

async function readValues(read: Reader, { options, env }: Cli): Promise<readonly Candidate[]> {
  const service = await resolveService(options, env)
  const { Switchyard } = await import('@switchyard/client')
  const client = new Switchyard({ ...service, maxRetries: 0 })
  const candidates: Candidate[] = []
  for await (const candidate of await read(client, AbortSignal.timeout(limitMs))) {
    candidates.push(candidate)
    if (candidates.length >= maxCandidates) break
  }
  return candidates
}

/** Ids with their names, which people choose by. */
async function* described(list: AsyncIterable<Readonly<Record<string, unknown>> & { id: string }>) {
  for await (const { id, name, url, status } of list) {
    const parts = [name ?? url, status].filter((part) => typeof part === 'string')
    yield { value: id, description: printable(parts.join(', ')) }
  }
}
