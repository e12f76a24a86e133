export interface Message {
  id: string | number
  data: object
}

/** What was new after a position. */
export interface TailBatch<P, M extends Message = Message> {
  messages: readonly M[]
  /** Where it ended. */
  position: P
  /** More can be read immediately. */
  isFull: boolean
  /** More follows in a moment, without a notification. */
  isBehind: boolean
  /** Nothing is expected after this. */
  isOver: boolean
}

export interface TailOptions<P, M extends Message = Message> {
  read(after: P): Promise<TailBatch<P, M>>
  /** Resolves when there may be something new, after `ms`, or when aborted. */
  wait(ms: number, signal: AbortSignal): Promise<unknown>
  /** Whether the reader may still read. Asked before everything but the first. */
  isPermitted(): Promise<boolean>
  clock: { monotonicMs(): number }
}

/** Interval of position updates while nothing happens, and of reads without a notification. */
const tellMs = 4000
/** However much happens, it reads no more often: what happened meanwhile comes with one read. */
const minIntervalMs = 100
/** What is held back is looked for this often at first, and half as often each time that it still is. */
const behindMs = 50
const maxBehindMs = 1000

/**
 * Hands on what was read first, then reads on until it is over, the reader may not any more, or `signal` is aborted. It
 * listens before it reads, so that nothing falls between the two, and reads no more before what was read is taken.
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
      // No notification announces what an open transaction holds back.
      if (!last.isBehind) await heard
      await pause(turn.pauseMs(last), signal)
    } finally {
      listening.abort()
    }
  }
}

/** When to report an empty read, and when to read again. */
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
        /** What is left of the pause between two reads. */
        pauseMs(reading: TailBatch<unknown>): number {
          idleTurns = reading.isBehind && !isNews(reading) ? idleTurns + 1 : 0
          const behind = Math.min(behindMs * 2 ** Math.max(0, idleTurns - 1), maxBehindMs)
          return atMs + (reading.isBehind ? behind : minIntervalMs) - clock.monotonicMs()
        },
      }
    },
  }
}

/** Until `ms` have passed or `signal` is aborted. */
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
