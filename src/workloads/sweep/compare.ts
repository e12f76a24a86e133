import type { Observation } from '../../providers/observation.ts'
import { redactObservation } from '../../secrets/redact-secrets.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import { isTerminal } from '../../vocabulary/transitions.ts'
import { changeOf, isChange, withPayload } from '../apply/observe.ts'
import type { Workload } from '../workload.ts'
import type { ScanDeps } from './deps.ts'
import type { AsRead, Watched } from './sweeps.repository.ts'
import { writeAll } from './writes.ts'

/** A watched workload with an observation that the last scan did not show. */
export interface ChangedObservation<K extends Kind> {
  item: Watched
  observation: Observation<K>
}

export interface Comparison<K extends Kind> {
  /** Resolves when more can be added. */
  add(fresh: readonly ChangedObservation<K>[]): Promise<void>
  /** Resolves with the number of changes when all are written. */
  end(): Promise<number>
}

/** Maximum size of a batch, across pages. */
const maxBatch = 200
/** How long a batch is collected while pages are read. */
const gatherMs = 100

/** Compares and writes one batch at a time. A list with many changes costs statements per batch, not per page. */
export function makeComparison<K extends Kind>(deps: ScanDeps<K>): Comparison<K> {
  const waiting: ChangedObservation<K>[] = []
  let changed = 0
  let running: Promise<void> | null = null
  let isLast = false
  let resume = () => {}

  function gather(): Promise<void> {
    if (isLast || waiting.length >= maxBatch) return Promise.resolve()
    const { promise, resolve } = Promise.withResolvers<void>()
    resume = resolve
    setTimeout(resolve, gatherMs)
    return promise
  }

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      await gather()
      changed += await compare(deps, waiting.splice(0, maxBatch))
    }
    running = null
  }

  return {
    async add(fresh) {
      for (const each of fresh) waiting.push(each)
      if (waiting.length === 0) return
      running ??= run()
      // Handled by the caller that awaits it.
      running.catch(() => {})
      if (waiting.length < maxBatch) return
      resume()
      await running
    },
    async end() {
      isLast = true
      resume()
      await running
      return changed
    },
  }
}

async function compare<K extends Kind>(deps: ScanDeps<K>, fresh: readonly ChangedObservation<K>[]): Promise<number> {
  const observations = new Map(fresh.map(({ item, observation }) => [item.id, observation]))
  const unchanged = (await deps.repository.unchanged(fresh.map(({ item }) => item))) as AsRead<K>[]
  const secretsOf = await deps.secretsOfAll(unchanged.map(({ workload }) => workload))
  /** The change that an observation makes to a workload; one without a change is cached. */
  const updateOf = (workload: Workload<K>) => {
    const shown = observations.get(workload.id)
    if (shown === undefined) return null
    const seen = redactObservation(secretsOf(workload.id).hide, shown)
    const change = changeOf(deps.kind, workload, seen, {
      now: deps.claimed.startedAt,
      pollIntervals: deps.pollIntervals,
    })
    if (isChange(workload, change)) return { seen, change }
    deps.cache.note(workload, shown)
    return null
  }
  const changes = unchanged.flatMap(({ workload, row }) => {
    const update = updateOf(workload)
    return update === null ? [] : [{ workload, row, change: withPayload(workload, update.seen, update.change) }]
  })
  const written = await writeAll(deps, changes)
  // Caches the state after the write, so the next scan skips the same observation. Ended workloads are not cached: if a
  // restored database loses the end, the observation must count again.
  for (const workload of written) if (!isTerminal(deps.kind.transitions, workload.status)) updateOf(workload)
  return written.length
}
