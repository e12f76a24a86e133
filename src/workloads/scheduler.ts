import { setTimeout as sleep } from 'node:timers/promises'
import type { Budget } from './budget.ts'
import { makeBulkhead } from './bulkhead.ts'
import { makeLanes } from './lanes.ts'
import type { Claimed, LeasesRepository } from './leases.repository.ts'
import type { Log } from './ports.ts'
import type { Turn } from './reconcile.ts'

/** A workload that stays due is given this many turns in a row; then others come first. */
const turnsInARow = 16
/** When to come back to a workload whose connection has no place left. */
const whenFullMs = 250

export interface Turns {
  /** Gives one workload its turns, if it is due and nobody holds it. Joins equal calls into one statement. */
  take(workloadId: string): Promise<void>
  /** Claims what is due, wishes first, as far as there are free hands, and gives each its turns. Answers how many. */
  takeDue(): Promise<number>
  /** Claims nothing any more, and resolves when the turns under way are over. */
  drain(): Promise<void>
}

interface Deps {
  leases: LeasesRepository
  reconcile(turn: Turn): Promise<boolean>
  budget: Pick<Budget, 'spent'>
  concurrency: number
  log: Log
}

/** Who gets a turn: by hint, or because it is due. Both ways lead to the same claim. */
export function makeTurns({ leases, reconcile, budget, concurrency, log }: Deps): Turns {
  const running = new Set<Promise<void>>()
  const bulkhead = makeBulkhead(Math.max(1, Math.ceil(concurrency / 2)))
  let isDraining = false
  const claim = makeLanes<string, Turn | null>({
    lanes: 1,
    maxItems: 100,
    isDataError: () => false,
    isTransient: () => false,
    flush: async (ids) => {
      const turns = await withFacts(leases, await leases.claim([...new Set(ids)]))
      // Equal ids that arrived together: the first one gets the turn.
      return ids.map((id, index) => (ids.indexOf(id) === index ? (turns.get(id) ?? null) : null))
    },
  })

  async function run(first: Turn): Promise<void> {
    let turn: Turn | null = first
    for (let count = 1; turn !== null; count += 1) {
      const { id }: { id: string } = turn.claimed.workload
      const isDue = await reconcile(turn)
      turn = isDue && !isDraining && count < turnsInARow ? await claim(id) : null
    }
  }

  /** Runs a turn, unless its connection has as many under way as it may; then somebody comes back for it. */
  async function track(turn: Turn): Promise<void> {
    const { id, connectionId } = turn.claimed.workload
    if (isDraining) return leases.putBack(turn.claimed, 0)
    if (!bulkhead.enter(connectionId)) return leases.putBack(turn.claimed, whenFullMs)
    const underWay = run(turn)
      .catch((error: unknown) =>
        log.error({ err: error, workloadId: id }, 'a turn could not be written; its lease will run out'),
      )
      .finally(() => bulkhead.leave(connectionId))
    running.add(underWay)
    await underWay.finally(() => running.delete(underWay))
  }

  /** As long as a claim fills every free hand there is more: each hand that gets free looks again. */
  async function takeSome(claimSome: LeasesRepository['claimOldest']): Promise<number> {
    const free = concurrency - running.size
    if (isDraining || free <= 0) return 0
    const turns = await withFacts(leases, await claimSome(free, [...bulkhead.full(), ...budget.spent()]))
    const again = () => (turns.size >= free ? takeDue() : 0)
    for (const turn of turns.values()) track(turn).then(again).catch(lookLater)
    return turns.size
  }

  async function takeDue(): Promise<number> {
    const wished = await takeSome(leases.claimWished)
    const shared = await takeSome(leases.claimShares)
    // Each project that waits was asked: where none has anything, nothing is due at all.
    const oldest = shared === 0 ? 0 : await takeSome(leases.claimOldest)
    return wished + shared + oldest
  }

  const lookLater = (error: unknown) =>
    log.warn({ err: error }, 'due work could not be claimed; it is looked for again')

  return {
    async take(workloadId) {
      if (isDraining) return
      const turn = await claim(workloadId)
      if (turn !== null) await track(turn)
    },

    takeDue,

    async drain() {
      isDraining = true
      while (running.size > 0) {
        await Promise.allSettled(running)
        await sleep(0)
      }
    },
  }
}

/** Claims without facts are given back: nobody would act on them until their leases run out. */
async function withFacts(leases: LeasesRepository, claimed: readonly Claimed[]): Promise<Map<string, Turn>> {
  if (claimed.length === 0) return new Map()
  try {
    const facts = await leases.facts(claimed.map(({ workload }) => workload.id))
    return new Map(
      claimed.flatMap((item) => {
        const known = facts.get(item.workload.id)
        return known === undefined ? [] : [[item.workload.id, { claimed: item, facts: known }] as const]
      }),
    )
  } catch (error) {
    await Promise.allSettled(claimed.map((item) => leases.putBack(item, whenFullMs)))
    throw error
  }
}
