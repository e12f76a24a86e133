/**
 * Where a mark stands in a remote object: at the end of a description, ` [sy:<mark>]`, or at the end of a name,
 * `-sy<mark>`. A name that happens to end alike reads as a mark that nobody knows.
 */
const inDescription = / ?\[sy:([a-z0-9]{6,32})\]$/

/** Characters that `markDescription` adds to a description that is not empty. */
export function descriptionMarkLength(markLength: number): number {
  return ' [sy:]'.length + markLength
}

export function markDescription(description: string | undefined, mark: string): string {
  return description === undefined || description === '' ? `[sy:${mark}]` : `${description} [sy:${mark}]`
}

/** The mark at the end of a description; null where there is none. */
export function markOfDescription(description: string | undefined): string | null {
  return inDescription.exec(description ?? '')?.[1] ?? null
}

export function withoutMark(description: string): string {
  return description.replace(inDescription, '')
}

/** Characters that `markName` adds to a name. */
export function nameMarkLength(markLength: number): number {
  return '-sy'.length + markLength
}

export function markName(name: string, mark: string): string {
  return `${name}-sy${mark}`
}

/** The mark at the end of a name; null where there is none. */
export function markOfName(name: string | undefined, markLength: number): string | null {
  const tail = (name ?? '').slice(-nameMarkLength(markLength))
  return /^-sy[a-z0-9]+$/.test(tail) && tail.length === nameMarkLength(markLength) ? tail.slice(3) : null
}
