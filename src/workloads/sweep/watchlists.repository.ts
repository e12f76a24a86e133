import { Prisma } from '../../infra/database.ts'
import type { Statements } from '../../infra/statements.ts'
import type { Kind } from '../../vocabulary/kinds.ts'

/** An object that the engine expects in a list. */
export interface Watched {
  id: string
  remoteId: string
  correlationTag: string
  remoteIdentity: string | null
  imported: boolean
  version: number
  dispatchedAt: Date | null
  observedAt: Date | null
  /** Since when it waits for a separate read. */
  missingSince: Date | null
}

/** The watched workloads of one list, as of its last scan. */
interface Watchlist {
  byId: Map<string, Watched>
  /** Every transaction before this one had ended, so later changes are from this transaction or a later one. */
  horizon: string
  readAtMs: number
}

interface Changes {
  horizon: string
  count: number
  some: WatchedTuple[] | null
}

type WatchedTuple = [
  ...[id: string, remoteId: string, correlationTag: string, remoteIdentity: string | null, imported: boolean],
  ...[version: number, dispatchedMs: number | null, observedMs: number | null, missingMs: number | null],
]

const rowsAtOnce = 500

/**
 * A list is cached for this long, then read completely again, since transaction ids are not reliable across a crash of
 * Postgres or a failover.
 */
const cacheTtlMs = 60_000

const epochMs = (column: string) => Prisma.raw(`floor(extract(epoch FROM ${column}) * 1000)::float8`)

/**
 * Active workloads with a remote object, which a scan compares its pages with. Cached in memory between scans of a
 * list, so only changes are read.
 */
export function makeWatchlists(sql: Statements, nowMs: () => number = () => performance.now()) {
  const lists = new Map<string, Watchlist>()

  /**
   * Rows of some hundred workloads: one row each is slow to transfer, and a single row blocks the event loop while it
   * is parsed.
   */
  function readChanges(connectionId: string, kind: Kind, limit: number, horizon: string | null): Promise<Changes[]> {
    return sql.rows<Changes>(Prisma.sql`
      SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS horizon, sum(count(*)) OVER ()::int AS count,
        json_agg(json_build_array(id, remote_id, correlation_tag, remote_identity, imported, version, ${epochMs('dispatched_at')}, ${epochMs('observed_at')},
          ${epochMs('missing_since')}) ORDER BY remote_id, id) FILTER (WHERE is_changed) AS some
      FROM (
        SELECT (row_number() OVER (ORDER BY remote_id, id) - 1) / ${rowsAtOnce}::int AS part,
          COALESCE(age(xmin) <= age(${horizon}::xid8::xid), true) AS is_changed, *
        FROM workloads
        WHERE connection_id = ${connectionId} AND kind = ${kind} AND remote_id IS NOT NULL AND active
        ORDER BY remote_id, id LIMIT ${limit}
      ) w GROUP BY part ORDER BY part`)
  }

  async function readAll(connectionId: string, kind: Kind, limit: number): Promise<Watched[]> {
    const key = `${connectionId}/${kind}`
    const readAtMs = nowMs()
    const parts = await readChanges(connectionId, kind, limit, null)
    const watched = parts.flatMap(({ some }) => (some ?? []).map((tuple) => new CompactWatched(tuple)))
    const horizon = parts[0]?.horizon
    // Workloads beyond the limit cannot be distinguished from removed ones.
    if (horizon === undefined || watched.length >= limit) lists.delete(key)
    else lists.set(key, { byId: new Map(watched.map((item) => [item.id, item])), horizon, readAtMs })
    return watched
  }

  function dropExpired(): void {
    for (const [key, { readAtMs }] of lists) if (readAtMs < nowMs() - cacheTtlMs) lists.delete(key)
  }

  return {
    /** In order of remote ids if the limit is reached. */
    async read(connectionId: string, kind: Kind, limit: number): Promise<Watched[]> {
      dropExpired()
      const list = lists.get(`${connectionId}/${kind}`)
      if (list === undefined) return readAll(connectionId, kind, limit)
      const parts = await readChanges(connectionId, kind, limit, list.horizon)
      for (const { some } of parts) for (const tuple of some ?? []) list.byId.set(tuple[0], new CompactWatched(tuple))
      const [first] = parts
      if (first === undefined || !isComplete(list, first, limit)) return readAll(connectionId, kind, limit)
      list.horizon = first.horizon
      return [...list.byId.values()]
    },
  }
}

/** Whether no row has left, all rows are kept, and the same server counts: its transaction numbers only grow. */
function isComplete({ byId, horizon }: Watchlist, read: Changes, limit: number): boolean {
  return byId.size === read.count && byId.size < limit && BigInt(read.horizon) >= BigInt(horizon)
}

/** Times are stored as numbers, since a `Date` takes six times as much memory. */
class CompactWatched implements Watched {
  readonly id: string
  readonly remoteId: string
  readonly correlationTag: string
  readonly remoteIdentity: string | null
  readonly imported: boolean
  readonly version: number
  readonly #dispatchedMs: number | null
  readonly #observedMs: number | null
  readonly #missingMs: number | null

  constructor(tuple: WatchedTuple) {
    const [id, remoteId, correlationTag, remoteIdentity, imported, version, dispatchedMs, observedMs, missingMs] = tuple
    this.id = id
    this.remoteId = remoteId
    this.correlationTag = correlationTag
    this.remoteIdentity = remoteIdentity
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
