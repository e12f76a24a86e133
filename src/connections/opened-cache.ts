import { LRUCache } from 'lru-cache'

/** An open connection and its HTTP client. */
interface Openable {
  opened: { version: number }
  http: { close(): Promise<void> }
}

interface Deps<E extends Openable> {
  load(connectionId: string): Promise<E>
  /** Current versions by id; deleted connections are missing. */
  versions(ids: readonly string[]): Promise<ReadonlyMap<string, number>>
  clock: { monotonicMs(): number }
}

interface Known<E> {
  version: number
  at: Promise<E>
  cachedUntilMs: number
}

/** How long `current` uses an opened connection without checking for a newer version. */
const cacheTtlMs = 5000
const maxOpened = 10_000

/** Opened connections, one each per process, replaced when a newer version is requested. */
export function makeOpenedCache<E extends Openable>({ load, versions, clock }: Deps<E>) {
  const opened = new LRUCache<string, Known<E>>({
    max: maxOpened,
    // Closed after its calls in flight.
    dispose: ({ at }) => void at.then(({ http }) => http.close()).catch(() => {}),
  })

  async function open(connectionId: string, version: number): Promise<E['opened']> {
    const known = opened.get(connectionId)
    if (known !== undefined && known.version >= version) return (await known.at).opened
    const at = load(connectionId)
    const fresh: Known<E> = { version, at, cachedUntilMs: clock.monotonicMs() + cacheTtlMs }
    opened.set(connectionId, fresh)
    at.then(
      (entry) => {
        fresh.version = Math.max(version, entry.opened.version)
      },
      () => drop(connectionId, fresh),
    )
    return (await at).opened
  }

  /** The current version, up to `cacheTtlMs` old: another process may have changed it. */
  async function current(connectionId: string): Promise<E['opened']> {
    const known = opened.get(connectionId)
    if (known === undefined) return open(connectionId, 0)
    if (clock.monotonicMs() < known.cachedUntilMs) return (await known.at).opened
    known.cachedUntilMs = clock.monotonicMs() + cacheTtlMs
    const version = (await versions([connectionId])).get(connectionId)
    if (version !== undefined) return open(connectionId, version)
    drop(connectionId, known)
    throw new Error(`Connection ${connectionId} is deleted.`)
  }

  /** Drops connections that other processes deleted or replaced, so that credentials do not long outlive their row. */
  async function dropStale(): Promise<void> {
    const known = [...opened.entries()]
    if (known.length === 0) return
    const entries = await Promise.all(known.map(([, { at }]) => at.catch(() => null)))
    const newest = await versions(known.map(([id]) => id))
    for (const [index, [id, each]] of known.entries()) {
      const current = entries[index]?.opened.version
      const there = newest.get(id)
      if (current !== undefined && (there === undefined || there > current)) drop(id, each)
    }
  }

  /** Does nothing if a newer entry has replaced it. */
  function drop(connectionId: string, known: Known<E>): void {
    if (opened.peek(connectionId) === known) opened.delete(connectionId)
  }

  return {
    open,
    current,
    dropStale,
    forget: (connectionId: string): void => void opened.delete(connectionId),
    async close(): Promise<void> {
      const entries = await Promise.allSettled([...opened.values()].map(({ at }) => at))
      await Promise.all(entries.map((entry) => (entry.status === 'fulfilled' ? entry.value.http.close() : undefined)))
    },
  }
}
