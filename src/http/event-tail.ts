export interface Message {
  id: string | number
  data: object
}

/** Messages after a position. */
export interface TailBatch<P, M extends Message = Message> {
  messages: readonly M[]
  /** Position of the last message read. */
  position: P
  /** More can be read immediately. */
  isFull: boolean
  /** More follows soon, without a notification. */
  isBehind: boolean
  /** Nothing is expected after this. */
  isOver: boolean
}

export interface TailOptions<P, M extends Message = Message> {
  read(after: P): Promise<TailBatch<P, M>>
  /** Resolves when there may be something new, after `ms`, or when aborted. */
  wait(ms: number, signal: AbortSignal): Promise<unknown>
  /** Whether the reader is still authorized. Checked before every read except the first. */
  isPermitted(): Promise<boolean>
  clock: { monotonicMs(): number }
}

/** Interval of position updates while nothing happens, and of reads without a notification. */
const tellMs = 4000
/** Minimum interval between reads; messages in between are returned by one read. */
const minIntervalMs = 100
/** Retry interval for events held back by an open transaction; doubles on each unsuccessful retry. */
const behindMs = 50
const maxBehindMs = 1000

/**
 * Yields the first batch, then reads on until the stream is over, the reader is no longer authorized, or `signal` is
 * aborted. It subscribes before each read, so that no event is missed, and reads no further until the batch is
 * consumed.
 */
export async function* tailEvents<P, M extends Message>(
  { read, wait, isPermitted, clock }: TailOptions<P, M>,
  first: TailBatch<P, M>,
  signal: AbortSignal,
): AsyncGenerator<TailBatch<P, M>, void> {
  yield first
  const pace = makePace(clock)
  for (let last = first; !last.isOver && !signal.aborted && (await isPermitted()); ) {
    const listening = new AbortController()
    try {
      const turn = pace.next()
      const heard = wait(turn.quietMs, AbortSignal.any([signal, listening.signal]))
      last = await read(last.position)
      if (turn.isWorthTelling(last)) yield last
      if (last.isFull) continue
      // Events held back by an open transaction are not announced by a notification.
      if (!last.isBehind) await heard
      await pause(turn.pauseMs(last), signal)
    } finally {
      listening.abort()
    }
  }
}

/** Decides when to report an empty read and when to read again. */
function makePace(clock: { monotonicMs(): number }) {
  let toldAtMs = clock.monotonicMs()
  let idleTurns = 0
  const isNews = ({ messages, isOver }: TailBatch<unknown>) => messages.length > 0 || isOver
  return {
    next() {
      const atMs = clock.monotonicMs()
      const quietMs = Math.max(0, toldAtMs + tellMs - atMs)
      return {
        /** Time until an empty read is reported. */
        quietMs,
        isWorthTelling(reading: TailBatch<unknown>): boolean {
          const isWorth = isNews(reading) || quietMs === 0
          if (isWorth) toldAtMs = atMs
          return isWorth
        },
        /** Remaining pause before the next read. */
        pauseMs(reading: TailBatch<unknown>): number {
          idleTurns = reading.isBehind && !isNews(reading) ? idleTurns + 1 : 0
          const behind = Math.min(behindMs * 2 ** Math.max(0, idleTurns - 1), maxBehindMs)
          return atMs + (reading.isBehind ? behind : minIntervalMs) - clock.monotonicMs()
        },
      }
    },
  }
}

/** Resolves after `ms` or when `signal` is aborted. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  const onAbort = () => resolve()
  signal.addEventListener('abort', onAbort, { once: true })
  await promise
  clearTimeout(timer)
  signal.removeEventListener('abort', onAbort)
}
