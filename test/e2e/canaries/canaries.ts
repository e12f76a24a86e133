import { randomBytes } from 'node:crypto'

/** A secret that was planted: by what it is, so that a failing test names the place and not the value. */
export interface Canary {
  what: string
  value: string
}

export const drawCanary = (what: string): Canary => ({ what, value: `canary-${randomBytes(12).toString('hex')}` })

/** Every string in credentials or the like, by its path. */
export function canariesIn(what: string, value: unknown): Canary[] {
  if (typeof value === 'string') return [{ what, value }]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) => canariesIn(`${what}.${key}`, item))
}

/** What of the planted secrets a text shows, in any spelling that something may have given it. */
export function shownIn(place: string, text: string, canaries: readonly Canary[]): string[] {
  return canaries.flatMap(({ what, value }) => {
    const spelling = spellings(value).find((each) => text.includes(each))
    if (spelling === undefined) return []
    const at = text.indexOf(spelling)
    const around = `${text.slice(Math.max(0, at - 120), at)}<${what}>${text.slice(at + spelling.length, at + spelling.length + 60)}`
    return [`${place} shows ${what}: ${around}`]
  })
}

function spellings(value: string): string[] {
  const bytes = Buffer.from(value)
  return [
    value,
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
    // Without its end, whose base64 depends on what follows.
    bytes.toString('base64').slice(0, -4),
    bytes.toString('base64url').slice(0, -4),
    bytes.toString('hex'),
  ]
}
