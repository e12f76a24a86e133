import { closestMatch } from 'leven'

/** Longer names are not compared: they are unlikely to be misspellings, and comparison is slow. */
const maxLength = 64

/** ` Did you mean \`…\`?` with the closest candidate; empty if none is close. */
export function suggestionFor(name: string, candidates: readonly string[]): string {
  if (name.length > maxLength) return ''
  const found = closestMatch(name, candidates, { maxDistance: Math.ceil(name.length / 3) })
  return found === undefined || found === name ? '' : ` Did you mean \`${found}\`?`
}
