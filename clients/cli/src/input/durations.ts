import { usageError } from '../command-error.ts'

const unitsMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Parses `90`, `90s`, `15m`, `2h`, `30d` or a sequence such as `1h30m`, into milliseconds. A bare number is seconds. */
export function parseDuration(text: string): number {
  if (/^\d{1,9}$/.test(text)) return bounded(Number(text) * 1000, text)
  if (!/^(?:\d{1,9}[smhd]){1,4}$/.test(text))
    throw usageError(`${JSON.stringify(text)} is not a duration. Write it as 90s, 15m, 2h, 30d or 1h30m.`)
  const parts = text.match(/\d+[smhd]/g) ?? []
  const ms = parts.reduce((sum, part) => sum + Number(part.slice(0, -1)) * (unitsMs[part.slice(-1)] ?? 0), 0)
  return bounded(ms, text)
}

/** Later and earlier times have no timestamp of four digits for the year. */
const maxDays = 36_500

function bounded(ms: number, text: string): number {
  if (ms <= maxDays * 86_400_000) return ms
  throw usageError(`${JSON.stringify(text)} is longer than ${maxDays} days. Give a shorter duration.`)
}

/** Parses an RFC 3339 timestamp, or a duration from now. */
export function parseExpiry(text: string, nowMs: number): string {
  return timeOf(text, (durationMs) => nowMs + durationMs)
}

/** Parses an RFC 3339 timestamp, or a duration before now. */
export function parsePast(text: string, nowMs: number): string {
  return timeOf(text, (durationMs) => nowMs - durationMs)
}

function timeOf(text: string, atDuration: (durationMs: number) => number): string {
  const isTimestamp = /^\d{4}-\d{2}-\d{2}/.test(text)
  const time = isTimestamp ? Date.parse(text) : atDuration(parseDuration(text))
  if (Number.isNaN(time))
    throw usageError(`${JSON.stringify(text)} is not a timestamp. Write it as 2027-01-31T12:00:00Z.`)
  return new Date(time).toISOString()
}

/** Formats elapsed time: `0.4s`, `12s`, `3m 05s`, `2h 07m`, `3d 04h`. */
export function formatElapsed(elapsedMs: number): string {
  const seconds = Math.max(0, elapsedMs) / 1000
  if (seconds < 10) return `${seconds.toFixed(1)}s`
  if (seconds < 60) return `${Math.floor(seconds)}s`
  const pair = (large: number, unit: string, small: number, rest: string): string =>
    `${Math.floor(large)}${unit} ${String(Math.floor(small)).padStart(2, '0')}${rest}`
  if (seconds < 3600) return pair(seconds / 60, 'm', seconds % 60, 's')
  if (seconds < 86_400) return pair(seconds / 3600, 'h', (seconds % 3600) / 60, 'm')
  return pair(seconds / 86_400, 'd', (seconds % 86_400) / 3600, 'h')
}
