/**
 * Joins calls that arrive at the same time into one statement. A few lanes run side by side, so that one slow flush
 * stalls nobody; within a lane, what arrives while a flush is under way makes up the next one.
 */
export interface BatcherOptions<I, O> {
  /** One statement for many items. Answers in the order of the items. */
  flush(items: readonly I[]): Promise<readonly O[]>
  concurrency: number
  maxItems: number
  /** Of one key's items at most `maxPerKey` share a batch, one unless said otherwise; absent: all may. */
  keyOf?(item: I): string
  maxPerKey?: number
  /** An error that belongs to one item: the batch is halved until the culprit alone fails. */
  isDataError(error: unknown): boolean
  /** An error of the moment (deadlock, lock timeout, connection lost): the same batch once more. */
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
      // After the current turn of the event loop, so that requests read from one socket poll share a statement.
      if (queue.length === 1) setImmediate(start)
    })
}

/** What comes first, but for a key that has as many as it may: its others wait for the next batch. */
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
