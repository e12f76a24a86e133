import type { Json } from '../../vocabulary/json.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import type { Driver } from '../driver.ts'
import type { Intent } from '../intent.ts'
import { asListed, missingIn } from '../kit/listed.ts'
import type { Observation } from '../observation.ts'
import { ProviderError } from '../provider-error.ts'
import { type Containers, detailFields, searchTags } from './containers.ts'
import type { ScnetSettings } from './settings.ts'
import type { CreateContainer } from './wire.ts'

/** What differs between jobs and environments, which are both containers at the vendor. */
export interface ContainerKind<K extends Kind> {
  bodyOf(intent: Intent<K>): CreateContainer
  observe(item: Json): Observation<K> | null
}

/** The calls of a driver that are the same for jobs and environments. */
export function driveContainers<K extends Kind>(
  containers: Containers,
  settings: ScnetSettings,
  { bodyOf, observe }: ContainerKind<K>,
): Pick<Driver<K>, 'plan' | 'create' | 'find' | 'get' | 'list'> {
  const observeListed = (item: Json) => asListed(observe(item), missingIn(item, detailFields))
  return {
    plan: (intent) => containers.plan(bodyOf(intent)),

    async create(intent, signal) {
      return { remoteId: await containers.create(bodyOf(intent), { sendBy: intent.sendBy, signal }) }
    },

    async find(intents, signal) {
      const correlationTags = intents.map(({ correlationTag }) => correlationTag)
      return searchTags(await containers.scan(signal), correlationTags, { settings, observe: observeListed })
    },

    async get(remoteId, signal) {
      const item = await containers.read(remoteId, signal)
      if (item === 'gone') return item
      const seen = observe(item)
      if (seen !== null) return seen
      throw new ProviderError('bad_response', `SCNet shows container ${remoteId} without a status.`)
    },

    async list({ cursor }, signal) {
      const { items, next } = await containers.page(cursor, signal)
      return { seen: items.flatMap((item) => observeListed(item) ?? []), next }
    },
  }
}
