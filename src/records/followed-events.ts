import type { EventsRepository, FollowedEvents, FollowedPlace } from '../events/events.repository.ts'
import { makeBatcher } from '../infra/batcher.ts'

/** Events of one workload after a position, up to the limit of one read. Null if it does not exist in the project. */
export type ReadFollowed = (place: FollowedPlace) => Promise<FollowedEvents | null>

const maxConcurrent = 1000
const maxOfOne = 200
/** Divided among concurrent reads; each gets enough to make progress. */
const maxOfAll = 2000
const leastOfOne = 20

/** Concurrent reads of event streams share one statement, and those at the same position its result. */
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
