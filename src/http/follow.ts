/** What was new after a position. */
export interface Reading<P> {
  messages: readonly { id: string | number; data: object }[]
  /** Where it ended. */
  position: P
  /** There is more at once. */
  isFull: boolean
  /** There will be more in a moment, and nobody tells when. */
  isBehind: boolean
  /** Nothing comes after this. */
  isOver: boolean
}

export interface Following<P> {
  read(after: P): Promise<Reading<P>>
  /** Resolves when there may be something new, after `ms`, or when aborted. False: nobody waits any more. */
  wait(ms: number, signal: AbortSignal): Promise<boolean>
  /** Whether the reader may still read. Asked before everything that comes after a wait. */
  isPermitted(): Promise<boolean>
  clock: { monotonicMs(): number }
}

/** Without being told it looks again this often, and asks whether it still may. */
const lookAgainMs = 5000
/** A reading without messages is handed on where nothing else was for so long. */
const quietMs = 4000
/** What is held back is looked for this often at first, and half as often each time that it still is. */
const behindMs = 50
const mostBehindMs = 1000
/** However much happens, it reads no more often: what happened meanwhile comes with one read. */
const atMostEveryMs = 100

/**
 * Hands on what was read first, then reads on until it is over, nobody waits any more, the reader may not any more, or
 * `signal` tells that it has left. More is read only once what was read has been taken.
 */
export async function* follow<P>(
  following: Following<P>,
  first: Reading<P>,
  signal: AbortSignal,
): AsyncGenerator<Reading<P>, void> {
  for (let reading: Reading<P> | null = first; reading !== null; reading = await next(following, reading, signal)) {
    yield reading
    if (reading.isOver) return
  }
}

/** The next reading that is worth being handed on; null = there will be none. */
async function next<P>(following: Following<P>, last: Reading<P>, signal: AbortSignal): Promise<Reading<P> | null> {
  const { read, clock, isPermitted } = following
  const untilMs = clock.monotonicMs() + quietMs
  let pauseMs = lookAgainMs
  for (let from = last; !signal.aborted && (await isPermitted()); ) {
    if (!from.isFull && !from.isBehind) await pause(atMostEveryMs)
    const listening = listen(following, signal)
    try {
      const reading = await read(from.position)
      if (reading.messages.length > 0 || reading.isOver || clock.monotonicMs() >= untilMs) return reading
      pauseMs = nextPauseMs(reading, pauseMs)
      if (!(await listening.heard(pauseMs))) return null
      from = reading
    } finally {
      listening.stop()
    }
  }
  return null
}

function nextPauseMs({ isFull, isBehind }: Reading<unknown>, lastMs: number): number {
  if (isFull) return 0
  if (!isBehind) return lookAgainMs
  return lastMs === lookAgainMs ? behindMs : Math.min(2 * lastMs, mostBehindMs)
}

/** Listens from now on, so that nothing falls between a read and the wait after it. */
function listen<P>({ wait }: Following<P>, signal: AbortSignal) {
  const over = new AbortController()
  const stop = () => over.abort()
  signal.addEventListener('abort', stop, { once: true })
  const heard = wait(lookAgainMs, over.signal)
  let timer: NodeJS.Timeout | undefined
  return {
    heard(ms: number): Promise<boolean> {
      if (ms < lookAgainMs) timer = setTimeout(stop, ms)
      return heard
    },
    stop(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
      stop()
    },
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
