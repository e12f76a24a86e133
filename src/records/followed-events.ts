import type { EventsRepository, FollowedEvents, FollowedPosition } from '../events/events.repository.ts'
import { makeBatcher } from '../infra/batcher.ts'

/** Events of one workload after a position, up to the limit of one read. Null if it does not exist in the project. */
export type ReadFollowed = (position: FollowedPosition) => Promise<FollowedEvents | null>

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
  return makeBatcher<FollowedPosition, FollowedEvents | null>({
    concurrency: 1,
    maxItems: maxConcurrent,
    isDataError: () => false,
    isTransient,
    async flush(positions) {
      const distinct = new Map(positions.map((position) => [keyOf(position), position]))
      const limit = Math.max(leastOfOne, Math.min(maxOfOne, Math.floor(maxOfAll / distinct.size)))
      const found = await follow([...distinct.values()], limit)
      const byKey = new Map([...distinct.keys()].map((key, index) => [key, found[index] ?? null]))
      return positions.map((position) => byKey.get(keyOf(position)) ?? null)
    },
  })
}

function keyOf({ projectId, kind, id, after }: FollowedPosition): string {
  return `${projectId} ${kind} ${id} ${after}`
}
