import type { EventsRepository, FollowedEvents, FollowedPlace } from '../events/events.repository.ts'
import { makeBatcher } from '../infra/batcher.ts'

/** The events of one workload after a place, as far as one read goes. Null: the project has none. */
export type ReadFollowed = (place: FollowedPlace) => Promise<FollowedEvents | null>

const maxConcurrent = 1000
const maxOfOne = 200
/** Of many at once, each gets its share, and none so little that it never gets on. */
const maxOfAll = 2000
const leastOfOne = 20

/** Streams of workloads that read at the same time share one statement, and those at the same place its answer. */
export function makeReadFollowed(
  { follow }: Pick<EventsRepository, 'follow'>,
  isTransient: (error: unknown) => boolean,
): ReadFollowed {
  return makeBatcher<FollowedPlace, FollowedEvents | null>({
    concurrency: 1,
    maxItems: maxConcurrent,
    isDataError: () => false,
    isTransient,
    async flush(places) {
      const distinct = new Map(places.map((place) => [keyOf(place), place]))
      const limit = Math.max(leastOfOne, Math.min(maxOfOne, Math.floor(maxOfAll / distinct.size)))
      const found = await follow([...distinct.values()], limit)
      const byKey = new Map([...distinct.keys()].map((key, index) => [key, found[index] ?? null]))
      return places.map((place) => byKey.get(keyOf(place)) ?? null)
    },
  })
}

function keyOf({ projectId, kind, id, after }: FollowedPlace): string {
  return `${projectId} ${kind} ${id} ${after}`
}
