/**
 * Where a mark stands in a remote object: at the end of a description, ` [sy:<mark>]`, or at the end of a name,
 * `-sy<mark>`. A name that happens to end alike reads as a mark that nobody knows.
 */
const inDescription = / ?\[sy:([a-z0-9]{6,32})\]$/

/** Characters that `tagDescription` adds to a description that is not empty. */
export function descriptionTagLength(tagLength: number): number {
  return ' [sy:]'.length + tagLength
}

export function tagDescription(description: string | undefined, correlationTag: string): string {
  return description === undefined || description === ''
    ? `[sy:${correlationTag}]`
    : `${description} [sy:${correlationTag}]`
}

/** The mark at the end of a description; null where there is none. */
export function tagOfDescription(description: string | undefined): string | null {
  return inDescription.exec(description ?? '')?.[1] ?? null
}

export function withoutTag(description: string): string {
  return description.replace(inDescription, '')
}

/** Characters that `tagName` adds to a name. */
export function nameTagLength(tagLength: number): number {
  return '-sy'.length + tagLength
}

export function tagName(name: string, correlationTag: string): string {
  return `${name}-sy${correlationTag}`
}

/** The mark at the end of a name; null where there is none. */
export function tagOfName(name: string | undefined, tagLength: number): string | null {
  const tail = (name ?? '').slice(-nameTagLength(tagLength))
  return /^-sy[a-z0-9]+$/.test(tail) && tail.length === nameTagLength(tagLength) ? tail.slice(3) : null
}
