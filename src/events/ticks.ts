const tickMs = 500

/** `ms` from now, and on to the next half second: whoever looks without being woken looks together, in one statement. */
export function untilTick({ monotonicMs }: { monotonicMs(): number }, ms: number): number {
  const nowMs = monotonicMs()
  return Math.ceil((nowMs + ms) / tickMs) * tickMs - nowMs
}
