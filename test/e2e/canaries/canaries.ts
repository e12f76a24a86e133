import { randomBytes } from 'node:crypto'

/** A planted secret. Failing tests print its name instead of its value. */
export interface Canary {
  name: string
  value: string
}

export const drawCanary = (name: string): Canary => ({ name, value: `canary-${randomBytes(12).toString('hex')}` })

/** All strings in a value, named by their path. */
export function canariesIn(name: string, value: unknown): Canary[] {
  if (typeof value === 'string') return [{ name, value }]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) => canariesIn(`${name}.${key}`, item))
}

/** Planted secrets in a text, in any encoding. */
export function leaksIn(place: string, text: string, canaries: readonly Canary[]): string[] {
  return canaries.flatMap(({ name, value }) => {
    const encoding = encodingsOf(value).find((each) => text.includes(each))
    if (encoding === undefined) return []
    const at = text.indexOf(encoding)
    const excerpt = `${text.slice(Math.max(0, at - 120), at)}<${name}>${text.slice(at + encoding.length, at + encoding.length + 60)}`
    return [`${place} contains ${name}: ${excerpt}`]
  })
}

function encodingsOf(value: string): string[] {
  const bytes = Buffer.from(value)
  return [
    value,
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
    // Without the end, whose base64 depends on the following bytes.
    bytes.toString('base64').slice(0, -4),
    bytes.toString('base64url').slice(0, -4),
    bytes.toString('hex'),
  ]
}
