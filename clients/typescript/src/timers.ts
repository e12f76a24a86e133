/** 24.8 days; JavaScript fires longer timers immediately. */
const longestTimerMs = 2 ** 31 - 1

/** Runs after `ms`, which may be of any length; `Infinity` is never. Returns a function that stops it. */
export function startTimer(ms: number, run: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>
  const arm = (restMs: number) => {
    const partMs = Math.min(restMs, longestTimerMs)
    timer = setTimeout(() => (restMs > partMs ? arm(restMs - partMs) : run()), partMs)
  }
  arm(ms)
  return () => clearTimeout(timer)
}

/** Resolves after `ms`; rejects with the reason of the signal. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const end = () => {
      stop()
      reject(signal?.reason)
    }
    const stop = startTimer(ms, () => {
      signal?.removeEventListener('abort', end)
      resolve()
    })
    signal?.addEventListener('abort', end, { once: true })
  })
}
