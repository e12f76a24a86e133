/** `HH:MM:SS`; hours may exceed two digits, as in the platform's values. */
export function clockTime(seconds: number): string {
  const two = (value: number) => String(value).padStart(2, '0')
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
}

/** Seconds of `HH:MM:SS` or `D-HH:MM:SS`; undefined for `unlimited`, `--` and anything else. */
export function secondsOf(text: string | undefined): number | undefined {
  const parts = /^(?:(\d+)-)?(\d+):(\d{2}):(\d{2})$/.exec(text ?? '')
  if (parts === null) return undefined
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map((part) => Number(part ?? 0))
  return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
}

/** A moment in the platform's format: `YYYY-MM-DD HH:MM:SS` in its zone. */
export function localTime(at: Date, offset: string): string {
  const [, sign, hours, minutes] = /^([+-])(\d{2}):(\d{2})$/.exec(offset) ?? []
  const shiftMs = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000 * (sign === '-' ? -1 : 1)
  return new Date(at.getTime() + shiftMs).toISOString().slice(0, 19).replace('T', ' ')
}
