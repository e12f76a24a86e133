import { Prisma } from '../../infra/database.ts'
import type { Statements } from '../../infra/statements.ts'
import type { Kind } from '../../vocabulary/kinds.ts'

/** What the engine expects to see in a list. */
export interface Watched {
  id: string
  remoteId: string
  correlationTag: string
  imported: boolean
  version: number
  dispatchedAt: Date | null
  observedAt: Date | null
  /** Since when it waits for a look by itself. */
  missingSince: Date | null
}

/** The watched workloads of one list, as they were when it was scanned last. */
interface Watchlist {
  byId: Map<string, Watched>
  /** Every transaction before this one had ended then: what has changed since is of this one or of a later one. */
  horizon: string
  readWholeAtMs: number
}

interface Changes {
  horizon: string
  count: number
  some: WatchedTuple[] | null
}

type WatchedTuple = [string, string, string, boolean, number, number | null, number | null, number | null]

const rowsAtOnce = 500

/**
 * A list is kept for so long, then read whole again, as after anything that cannot be told by transactions: a crash of
 * Postgres, which gives out numbers again, or another server in its place.
 */
const keptMs = 60_000

const epochMs = (column: string) => Prisma.raw(`floor(extract(epoch FROM ${column}) * 1000)::float8`)

/**
 * Live workloads with a remote object, which a scan compares its pages with. They are kept in memory from one scan of a
 * list to the next, and only those are read that have changed: where a list is scanned often, most have not.
 */
export function makeWatchlists(sql: Statements, nowMs: () => number = () => performance.now()) {
  const lists = new Map<string, Watchlist>()

  /** One row for some hundred workloads: one for each takes the client longer, and one for all is parsed at one go. */
  function readChanges(connectionId: string, kind: Kind, limit: number, horizon: string | null): Promise<Changes[]> {
    return sql.rows<Changes>(Prisma.sql`
      SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS horizon, sum(count(*)) OVER ()::int AS count,
        json_agg(json_build_array(id, remote_id, correlation_tag, imported, version, ${epochMs('dispatched_at')}, ${epochMs('observed_at')},
          ${epochMs('missing_since')}) ORDER BY remote_id, id) FILTER (WHERE is_changed) AS some
      FROM (
        SELECT (row_number() OVER (ORDER BY remote_id, id) - 1) / ${rowsAtOnce}::int AS part,
          COALESCE(age(xmin) <= age(${horizon}::xid8::xid), true) AS is_changed, *
        FROM workloads
        WHERE connection_id = ${connectionId} AND kind = ${kind} AND remote_id IS NOT NULL AND active
        ORDER BY remote_id, id LIMIT ${limit}
      ) w GROUP BY part ORDER BY part`)
  }

  async function readWhole(connectionId: string, kind: Kind, limit: number): Promise<Watched[]> {
    const key = `${connectionId}/${kind}`
    const readWholeAtMs = nowMs()
    const parts = await readChanges(connectionId, kind, limit, null)
    const watched = parts.flatMap(({ some }) => (some ?? []).map((tuple) => new KeptWatched(tuple)))
    const horizon = parts[0]?.horizon
    // What is cut off cannot be told from what has left.
    if (horizon === undefined || watched.length >= limit) lists.delete(key)
    else lists.set(key, { byId: new Map(watched.map((item) => [item.id, item])), horizon, readWholeAtMs })
    return watched
  }

  function forgetOld(): void {
    for (const [key, { readWholeAtMs }] of lists) if (readWholeAtMs < nowMs() - keptMs) lists.delete(key)
  }

  return {
    /** In the order of remote ids where there are as many as the limit. */
    async read(connectionId: string, kind: Kind, limit: number): Promise<Watched[]> {
      forgetOld()
      const list = lists.get(`${connectionId}/${kind}`)
      if (list === undefined) return readWhole(connectionId, kind, limit)
      const parts = await readChanges(connectionId, kind, limit, list.horizon)
      for (const { some } of parts) for (const tuple of some ?? []) list.byId.set(tuple[0], new KeptWatched(tuple))
      const [first] = parts
      if (first === undefined || !isWhole(list, first, limit)) return readWhole(connectionId, kind, limit)
      list.horizon = first.horizon
      return [...list.byId.values()]
    },
  }
}

/** Whether none has left, no more have come than are kept, and the same server counts: its numbers of transactions only grow. */
function isWhole({ byId, horizon }: Watchlist, read: Changes, limit: number): boolean {
  return byId.size === read.count && byId.size < limit && BigInt(read.horizon) >= BigInt(horizon)
}

/** Times are kept as numbers, since there are very many: a `Date` takes six times as much memory. */
class KeptWatched implements Watched {
  readonly id: string
  readonly remoteId: string
  readonly correlationTag: string
  readonly imported: boolean
  readonly version: number
  readonly #dispatchedMs: number | null
  readonly #observedMs: number | null
  readonly #missingMs: number | null

  constructor([id, remoteId, correlationTag, imported, version, dispatchedMs, observedMs, missingMs]: WatchedTuple) {
    this.id = id
    this.remoteId = remoteId
    this.correlationTag = correlationTag
    this.imported = imported
    this.version = version
    this.#dispatchedMs = dispatchedMs
    this.#observedMs = observedMs
    this.#missingMs = missingMs
  }

  get dispatchedAt(): Date | null {
    return dateOf(this.#dispatchedMs)
  }

  get observedAt(): Date | null {
    return dateOf(this.#observedMs)
  }

  get missingSince(): Date | null {
    return dateOf(this.#missingMs)
  }
}

function dateOf(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms)
}
