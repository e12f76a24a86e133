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
const heartbeatMs = 4000
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
      const pass = pace.next()
      const notified = wait(pass.quietMs, AbortSignal.any([signal, listening.signal]))
      last = await read(last.position)
      if (pass.shouldReport(last)) yield last
      if (last.isFull) continue
      // Events held back by an open transaction are not announced by a notification.
      if (!last.isBehind) await notified
      await pause(pass.pauseMs(last), signal)
    } finally {
      listening.abort()
    }
  }
}

/** Decides when to report an empty read and when to read again. */
function makePace(clock: { monotonicMs(): number }) {
  let reportedAtMs = clock.monotonicMs()
  let idlePasses = 0
  const hasContent = ({ messages, isOver }: TailBatch<unknown>) => messages.length > 0 || isOver
  return {
    next() {
      const atMs = clock.monotonicMs()
      const waitMs = Math.max(0, reportedAtMs + heartbeatMs - atMs)
      return {
        /** Time until an empty read is reported. */
        quietMs: waitMs,
        shouldReport(batch: TailBatch<unknown>): boolean {
          const isReported = hasContent(batch) || waitMs === 0
          if (isReported) reportedAtMs = atMs
          return isReported
        },
        /** Remaining pause before the next read. */
        pauseMs(batch: TailBatch<unknown>): number {
          idlePasses = batch.isBehind && !hasContent(batch) ? idlePasses + 1 : 0
          const behind = Math.min(behindMs * 2 ** Math.max(0, idlePasses - 1), maxBehindMs)
          return atMs + (batch.isBehind ? behind : minIntervalMs) - clock.monotonicMs()
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
