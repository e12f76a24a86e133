/**
 * Combines concurrent calls into one statement. Several flushes can run in parallel, so that a slow one does not block
 * the others; items that arrive while all are busy form the next batch.
 */
export interface BatcherOptions<I, O> {
  /** One statement for many items. Returns the results in the order of the items. */
  flush(items: readonly I[]): Promise<readonly O[]>
  concurrency: number
  maxItems: number
  /** Limits a batch to `maxPerKey` items of the same key (default 1). Absent: no limit per key. */
  keyOf?(item: I): string
  maxPerKey?: number
  /** An error caused by a single item: the batch is halved until only that item fails. */
  isDataError(error: unknown): boolean
  /** A transient error (deadlock, lock timeout, lost connection): the same batch is retried. */
  isTransient(error: unknown): boolean
}

interface Waiting<I, O> {
  item: I
  resolve(value: O): void
  reject(error: unknown): void
}

export function makeBatcher<I, O>(options: BatcherOptions<I, O>): (item: I) => Promise<O> {
  const queue: Waiting<I, O>[] = []
  let running = 0

  function start(): void {
    while (running < options.concurrency && queue.length > 0) {
      running += 1
      void run(takeBatch(queue, options)).finally(() => {
        running -= 1
        start()
      })
    }
  }

  async function run(batch: readonly Waiting<I, O>[], isRepeat = false): Promise<void> {
    try {
      const results = await options.flush(batch.map((waiting) => waiting.item))
      batch.forEach((waiting, index) => {
        waiting.resolve(results[index] as O)
      })
    } catch (error) {
      await recover(batch, error, isRepeat)
    }
  }

  async function recover(batch: readonly Waiting<I, O>[], error: unknown, isRepeat: boolean): Promise<void> {
    if (!isRepeat && options.isTransient(error)) return run(batch, true)
    if (!options.isDataError(error) || batch.length <= 1) {
      for (const waiting of batch) waiting.reject(error)
      return
    }
    const middle = Math.ceil(batch.length / 2)
    await run(batch.slice(0, middle), isRepeat)
    await run(batch.slice(middle), isRepeat)
  }

  return (item) =>
    new Promise<O>((resolve, reject) => {
      queue.push({ item, resolve, reject })
      // Deferred within the event loop, so that requests read from one socket poll share a statement.
      if (queue.length === 1) setImmediate(start)
    })
}

/** The oldest items. Items of a key that has reached `maxPerKey` wait for the next batch. */
function takeBatch<I, O>(
  queue: Waiting<I, O>[],
  { maxItems, keyOf, maxPerKey = 1 }: BatcherOptions<I, O>,
): Waiting<I, O>[] {
  if (keyOf === undefined) return queue.splice(0, maxItems)
  const counts = new Map<string, number>()
  const batch: Waiting<I, O>[] = []
  const rest = queue.splice(0).filter((waiting) => {
    const key = keyOf(waiting.item)
    const count = counts.get(key) ?? 0
    if (batch.length >= maxItems || count >= maxPerKey) return true
    counts.set(key, count + 1)
    batch.push(waiting)
    return false
  })
  queue.push(...rest)
  return batch
}
