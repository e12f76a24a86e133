/**
 * The position of a correlation tag in a remote object: at the end of a description as ` [sy:<tag>]`, or at the end of
 * a name as `-sy<tag>`. Another name with such an ending reads as an unknown tag.
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

/** The correlation tag at the end of a description, or null. */
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

/** The correlation tag at the end of a name, or null. */
export function tagOfName(name: string | undefined, tagLength: number): string | null {
  const tail = (name ?? '').slice(-nameTagLength(tagLength))
  return /^-sy[a-z0-9]+$/.test(tail) && tail.length === nameTagLength(tagLength) ? tail.slice(3) : null
}
