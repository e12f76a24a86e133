import { type Span, withoutSpans } from '../../providers/secret-search.ts'
import type { Hide } from '../../secrets/redact-secrets.ts'

interface Lines {
  text: string
  /** The time of each line; null = none. */
  lineTimes: readonly (string | null)[]
}

/**
 * The text of a log in which each line begins with its time. Secrets are found without the times, which would divide one
 * of several lines; a line that begins inside a secret is hidden with its time.
 */
export function timedText({ text, lineTimes }: Lines, { spans }: Pick<Hide, 'spans'>): string {
  const starts: number[] = []
  /** For each line, the characters that were added up to its first one. */
  const added: number[] = []
  let at = 0
  let total = 0
  const timed = text.split('\n').map((line, index) => {
    const time = lineTimes[index] ?? null
    const prefix = time === null ? '' : `${time} `
    total += prefix.length
    starts.push(at)
    added.push(total)
    at += line.length + 1
    return prefix + line
  })
  const moved = (position: number) => position + (added[lineAt(starts, position)] ?? 0)
  const movedSpan = ({ from, to }: Span): Span => ({ from: moved(from), to: moved(to) })
  return withoutSpans(timed.join('\n'), spans(text).map(movedSpan))
}

/** The index of the line that a position is in. */
function lineAt(starts: readonly number[], position: number): number {
  let low = 0
  let high = starts.length
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((starts[middle] ?? 0) <= position) low = middle
    else high = middle
  }
  return low
}
