import type { Observation } from '../../providers/provider.ts'
import { redactObservation } from '../../secrets/redact-secrets.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import { isTerminal } from '../../vocabulary/transitions.ts'
import { changeOf, tellsNews, withPayload } from '../apply/observe.ts'
import type { Workload } from '../workload.ts'
import type { ScanDeps } from './deps.ts'
import type { AsRead, Watched } from './sweeps.repository.ts'
import { writeAll } from './writes.ts'

/** A watched workload and what was shown of it that the last scan had not shown. */
export interface Fresh<K extends Kind> {
  item: Watched
  observation: Observation<K>
}

export interface Comparison<K extends Kind> {
  /** Resolves once so little waits that more may come. */
  add(fresh: readonly Fresh<K>[]): Promise<void>
  /** Resolves when all is written, with how much has changed. */
  end(): Promise<number>
}

/** What is compared in one batch, whatever pages it is from. */
const maxBatch = 200
/** How long a batch gathers while pages are read. */
const gatherMs = 100

/** Compares and writes one batch at a time. A list in which much changes costs statements for each batch, not for each page. */
export function makeComparison<K extends Kind>(deps: ScanDeps<K>): Comparison<K> {
  const waiting: Fresh<K>[] = []
  let changed = 0
  let running: Promise<void> | null = null
  let isLast = false
  let goOn = () => {}

  function gather(): Promise<void> {
    if (isLast || waiting.length >= maxBatch) return Promise.resolve()
    const { promise, resolve } = Promise.withResolvers<void>()
    goOn = resolve
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
      // Whoever waits for it is told.
      running.catch(() => {})
      if (waiting.length < maxBatch) return
      goOn()
      await running
    },
    async end() {
      isLast = true
      goOn()
      await running
      return changed
    },
  }
}

async function compare<K extends Kind>(deps: ScanDeps<K>, fresh: readonly Fresh<K>[]): Promise<number> {
  const observations = new Map(fresh.map(({ item, observation }) => [item.id, observation]))
  const unchanged = (await deps.repository.unchanged(fresh.map(({ item }) => item))) as AsRead<K>[]
  const secretsOf = await deps.secretsOfAll(unchanged.map(({ workload }) => workload))
  /** What was shown of a workload, where that is news of it; where it is none it is noted. */
  const newsOf = (workload: Workload<K>) => {
    const shown = observations.get(workload.id)
    if (shown === undefined) return null
    const seen = redactObservation(secretsOf(workload.id).hide, shown)
    const change = changeOf(deps.kind, workload, seen, {
      now: deps.claimed.startedAt,
      pollIntervals: deps.pollIntervals,
    })
    if (tellsNews(workload, change)) return { seen, change }
    deps.cache.note(workload, shown)
    return null
  }
  const changes = unchanged.flatMap(({ workload, row }) => {
    const news = newsOf(workload)
    return news === null ? [] : [{ workload, row, change: withPayload(workload, news.seen, news.change) }]
  })
  const written = await writeAll(deps, changes)
  // Where the next scan shows the same it need not read what is known. What has ended is not watched any more; should a
  // database that is restored lose that, the same is news again.
  for (const workload of written) if (!isTerminal(deps.kind.transitions, workload.status)) newsOf(workload)
  return written.length
}
