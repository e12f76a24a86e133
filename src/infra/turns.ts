/** Those that wait for their turn. The event loop is shared by all of the process, so this list is, too. */
const waiting: (() => void)[] = []

/**
 * Resolves after other requests were served. Of all that wait, one continues per pass of the event loop: long work of
 * many requests that pauses in this way delays the others by one of its parts, not by one part of each request.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve)
    if (waiting.length === 1) setImmediate(continueFirst)
  })
}

function continueFirst(): void {
  waiting.shift()?.()
  if (waiting.length > 0) setImmediate(continueFirst)
}
