import type { Intent } from '../intent.ts'
import type { Found, Observation } from '../observation.ts'
import { remoteIdOf, serverOf } from './mapping.ts'
import { type OwnedServer, type Servers, unseen } from './servers.ts'
import type { JupyterhubSettings } from './settings.ts'

type FoundEntry = readonly [correlationTag: string, found: Found<'environment'>]

/** Finds servers by name, which contains the correlation tag: one read for all intents of a user. */
export async function findServers(
  intents: readonly Intent<'environment'>[],
  deps: {
    servers: Servers
    settings: JupyterhubSettings
    observe(server: OwnedServer): Observation<'environment'>
  },
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Found<'environment'>>> {
  const { servers, settings, observe } = deps

  async function findOf(user: string, own: readonly Intent<'environment'>[]): Promise<readonly FoundEntry[]> {
    const seen = (await servers.of(user, signal)).map(observe)
    const foundOf = (intent: Intent<'environment'>) => {
      const remoteId = remoteIdOf(serverOf(intent, settings))
      return seen.filter((each) => each.remoteId === remoteId)
    }
    const isAnyMissing = own.some((intent) => foundOf(intent).length === 0)
    const isConclusive = isAnyMissing && (await servers.showsAllServers(user, signal))
    const nothing: Found<'environment'> = isConclusive ? { absent: true } : { inconclusive: unseen(user) }
    return own.map((intent) => {
      const found = foundOf(intent)
      return [intent.correlationTag, found.length > 0 ? { found, isComplete: isConclusive } : nothing]
    })
  }

  const byUser = Map.groupBy(intents, (intent) => serverOf(intent, settings).user)
  const entries = await Promise.all([...byUser].map(([user, own]) => findOf(user, own)))
  return new Map(entries.flat())
}
