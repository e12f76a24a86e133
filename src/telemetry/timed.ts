/** How a timed operation ended. */
export type Ended<R> = { seconds: number } & ({ ok: true; result: R } | { ok: false; error: unknown })

export interface MonotonicClock {
  monotonicMs(): number
}

/** Runs `run` once, reports how it ended, and returns or throws what it does. */
export async function timed<R>(
  clock: MonotonicClock,
  run: () => Promise<R>,
  report: (ended: Ended<R>) => void,
): Promise<R> {
  const startedMs = clock.monotonicMs()
  const seconds = () => (clock.monotonicMs() - startedMs) / 1000
  try {
    const result = await run()
    report({ ok: true, result, seconds: seconds() })
    return result
  } catch (error) {
    report({ ok: false, error, seconds: seconds() })
    throw error
  }
}
