import type { JsonObject } from '../../vocabulary/json.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import type { Intent } from '../intent.ts'
import type { Found, Observation } from '../observation.ts'
import type { KubeClient, Resource } from './client.ts'
import { tagIn } from './objects.ts'

const maxConcurrentReads = 8

interface Search<K extends Kind> {
  resource: Resource
  intents: readonly Intent<K>[]
  nameOf(intent: Intent<K>): string
  observe(object: JsonObject): Observation<K> | null
}

/** The name contains the correlation tag, so one read by name is conclusive. */
export async function findByName<K extends Kind>(
  client: KubeClient,
  { resource, intents, nameOf, observe }: Search<K>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Found<K>>> {
  const found = new Map<string, Found<K>>()
  for (let from = 0; from < intents.length; from += maxConcurrentReads) {
    const some = intents.slice(from, from + maxConcurrentReads)
    const read = await Promise.all(
      some.map((intent) => client.callOne({ method: 'GET' }, { resource, name: nameOf(intent) }, { signal })),
    )
    for (const [index, { correlationTag }] of some.entries())
      found.set(correlationTag, foundIn(read[index] ?? null, correlationTag, observe))
  }
  return found
}

function foundIn<K extends Kind>(
  object: JsonObject | null,
  correlationTag: string,
  observe: (object: JsonObject) => Observation<K> | null,
): Found<K> {
  if (object === null) return { absent: true }
  const tag = tagIn(object)
  const seen = observe(object)
  if (seen === null || tag === undefined || tag === null) {
    return { inconclusive: 'Kubernetes shows an object of this name without UID or correlation tag.' }
  }
  if (tag !== correlationTag) return { absent: true, nameIsTaken: true }
  return { found: [seen], isComplete: true }
}
