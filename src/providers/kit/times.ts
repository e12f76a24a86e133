import type { Json } from '../../vocabulary/json.ts'
import { readId } from './fields.ts'

export interface TimeForm {
  /** The zone of times that have none, `+09:00`. If absent, such a time is ignored. */
  offset?: string
  /** The unit of a numeric time. */
  unit?: 's' | 'ms'
}

/** Start and end. Omits a start that lies after the end: the work never ran. */
export function ranBetween(
  startedAt: Date | undefined,
  endedAt: Date | undefined,
): { startedAt?: Date; endedAt?: Date } {
  const hasRun = startedAt !== undefined && (endedAt === undefined || startedAt <= endedAt)
  return { ...(hasRun ? { startedAt } : {}), ...(endedAt === undefined ? {} : { endedAt }) }
}

const zoned = /^\d{4}-\d{2}-\d{2}T.+(Z|[+-]\d{2}:?\d{2})$/i
const zoneless = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}([.,]\d+)?)?$/

/** A moment from ISO 8601 or a number. The epoch and anything before it mean "not yet" and are absent. */
export function readTime(from: Json | undefined, key: string, form: TimeForm = {}): Date | undefined {
  const value = readId(from, key)
  if (value === undefined) return undefined
  const ms = /^\d+(\.\d+)?$/.test(value) ? fromNumber(Number(value), form) : fromText(value.trim(), form)
  return Number.isFinite(ms) && ms > 0 && ms <= 8.64e15 ? new Date(ms) : undefined
}

function fromNumber(value: number, { unit = 'ms' }: TimeForm): number {
  return unit === 's' ? value * 1000 : value
}

function fromText(value: string, { offset }: TimeForm): number {
  const text = value.replace(/^(\d{4}-\d{2}-\d{2}) /, '$1T').replace(',', '.')
  if (zoned.test(text)) return Date.parse(text)
  return offset !== undefined && zoneless.test(text) ? Date.parse(`${text}${offset}`) : Number.NaN
}
