import { closestMatch } from 'leven'

/** Longer names are nobody's misspelling of one of ours, and take long to compare. */
const maxLength = 64

/** ` Did you mean \`…\`?` with the candidate that a misspelled name is nearest to; empty where none is near. */
export function suggestionFor(name: string, candidates: readonly string[]): string {
  if (name.length > maxLength) return ''
  const found = closestMatch(name, candidates, { maxDistance: Math.ceil(name.length / 3) })
  return found === undefined || found === name ? '' : ` Did you mean \`${found}\`?`
}
