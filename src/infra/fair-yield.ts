/** Waiting callers. One list per process, as there is one event loop. */
const waiting: (() => void)[] = []

/**
 * Resolves after other requests were served. One waiting caller continues per pass of the event loop, so the long work
 * of many requests delays other requests by one part in total, not by one part each.
 */
export function yieldToOthers(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve)
    if (waiting.length === 1) setImmediate(continueFirst)
  })
}

function continueFirst(): void {
  waiting.shift()?.()
  if (waiting.length > 0) setImmediate(continueFirst)
}
