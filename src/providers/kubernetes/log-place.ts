import { ProviderError } from '../provider-error.ts'
import type { LogLine } from './log-lines.ts'

/** A position in the log of one pod: after `count` lines with the time `at`. */
export interface Place {
  index: number
  at: string
  count: number
}

export const startOf = (index: number): Place => ({ index, at: '', count: 0 })

export const cursorOf = ({ index, at, count }: Place) => `${index}~${at}~${count}`

export function placeOf(cursor: string | null): Place {
  if (cursor === null) return startOf(0)
  const [, index, at = '', count] = /^(\d{1,5})~(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z)?~(\d{1,9})$/.exec(cursor) ?? []
  const isTime = at === '' || !Number.isNaN(Date.parse(at))
  if (index !== undefined && isTime) return { index: Number(index), at, count: Number(count) }
  throw new ProviderError('invalid_request', 'This cursor does not belong to a log. Begin without one.', {
    field: 'cursor',
    notSent: true,
  })
}

/**
 * The lines behind the last known one, in the order of the log: standard output and standard error get their times apart
 * from each other. If it was deleted, those with a later time; the rest of a line that began earlier has none.
 */
export function unread(lines: readonly LogLine[], { at, count }: Place): readonly LogLine[] {
  if (at === '') return lines
  if (count === 0) return lines.filter((line) => line.at >= at)
  let seen = 0
  const last = lines.findIndex((line) => {
    if (line.at === at) seen += 1
    return seen === count
  })
  return last < 0 ? lines.filter((line) => line.at > at) : lines.slice(last + 1)
}

/**
 * The place behind the lines of a read that was cut at a line with the time `cutAt`. Without a line to continue at, the
 * rest of the second is skipped, and a line that is too long.
 */
export function after(place: Place, { lines, cutAt }: { lines: readonly LogLine[]; cutAt: string }): Place {
  const last = lines.at(-1)?.at ?? ''
  if (last !== '') {
    const count = lines.filter(({ at }) => at === last).length + (last === place.at ? place.count : 0)
    return { index: place.index, at: last, count }
  }
  const latest = cutAt > place.at ? cutAt : place.at
  if (latest === '') throw new ProviderError('bad_response', 'Kubernetes returned a log without timestamps.')
  return { index: place.index, at: nextSecond(latest), count: 0 }
}

function nextSecond(at: string): string {
  const ms = Date.parse(`${at.slice(0, 19)}Z`)
  return `${new Date(ms + 1000).toISOString().slice(0, 19)}.000000000Z`
}
