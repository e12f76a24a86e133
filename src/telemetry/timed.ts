/** How a timed operation ended. */
export type Ended<R> = { seconds: number } & ({ ok: true; result: R } | { ok: false; error: unknown })

export interface MonotonicClock {
  monotonicMs(): number
}

/** Runs `run` once, reports how it ended, and returns or throws what it does, whether or not the report succeeds. */
export async function timed<R>(
  clock: MonotonicClock,
  run: () => Promise<R>,
  report: (ended: Ended<R>) => void,
): Promise<R> {
  const startedMs = clock.monotonicMs()
  const seconds = () => (clock.monotonicMs() - startedMs) / 1000
  let result: R
  try {
    result = await run()
  } catch (error) {
    safely(() => report({ ok: false, error, seconds: seconds() }))
    throw error
  }
  safely(() => report({ ok: true, result, seconds: seconds() }))
  return result
}

/** A failed report is a defect, but must not make a create that a provider has executed appear as failed. */
function safely(report: () => void): void {
  try {
    report()
  } catch (error) {
    process.emitWarning(`A measurement was not reported: ${error}`)
  }
}
