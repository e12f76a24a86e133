/** A stretch of a text: `from` inclusive, `to` exclusive. */
export interface Span {
  from: number
  to: number
}

/** Finds every place in a text where a secret stands, or begins where the text was cut off. */
export type SecretSearch = (text: string) => Span[]

export const hidden = '[redacted]'
/** A shorter text stands in too many others. */
export const minSecretLength = 4
/** Of a secret that was cut off; fewer characters may be there by chance. */
const minPartLength = 6
/** Whoever cuts a text marks the place so. */
const ellipsis = '…'
/** A longer piece of a secret is compared by this many characters at both of its ends: the work does not grow with it. */
const sampleLength = 16
const filterBits = 12

/** A tree of secrets in which those with a common beginning share it. */
interface Branch {
  /** What is read on the way to it from the branch before. */
  label: string
  /** A secret ends here. */
  isEnd: boolean
  next: Map<number, Branch>
}

/**
 * One pass over the text, whatever the number and the length of the secrets. Where secrets that contain each other would
 * make it slow, it gives up and finds the whole rest of the text: too much is hidden then, never too little.
 */
export function makeSecretSearch(secrets: Iterable<string>): SecretSearch {
  const root: Branch = { label: '', isEnd: false, next: new Map() }
  // Most places are ruled out by their first characters.
  const filter = new Uint8Array(1 << filterBits)
  for (const secret of secrets) {
    if (secret.length < minSecretLength) continue
    insert(root, secret)
    let key = 0
    for (let at = 0; at < minSecretLength; at += 1) key = nextKey(key, secret.charCodeAt(at))
    filter[key] = 1
  }
  return (text) => (root.next.size === 0 ? [] : search({ root, filter }, text))
}

function search({ root, filter }: { root: Branch; filter: Uint8Array }, text: string): Span[] {
  const spans: Span[] = []
  const steps = { left: 4096 + 2 * text.length }
  let cut = nextCut(text, 0)
  let key = 0
  for (let last = 0; last < text.length; last += 1) {
    key = nextKey(key, text.charCodeAt(last))
    const from = last - minSecretLength + 1
    if (from < 0 || filter[key] === 0) continue
    if (cut < from) cut = nextCut(text, from)
    const to = endOf(root, text, { from, cut, steps })
    if (to > from) spans.push({ from, to })
    if (steps.left <= 0) return [...spans, { from, to: text.length }]
  }
  return spans
}

interface Reading {
  from: number
  /** Where the text was cut next. */
  cut: number
  steps: { left: number }
}

/** Where the longest secret ends that begins at a place, or the cut that came before its end; the place itself = none. */
function endOf(root: Branch, text: string, { from, cut, steps }: Reading): number {
  let at = from
  let end = from
  for (let branch = root.next.get(text.charCodeAt(at)); branch !== undefined; ) {
    steps.left -= 1
    const { label, isEnd, next } = branch
    if (!standsAt(text, at, label, label.length)) {
      // Up to the cut it may be the same.
      if (at < cut && at + label.length > cut && standsAt(text, at, label, cut - at)) at = cut
      break
    }
    at += label.length
    if (isEnd) end = at
    branch = next.get(text.charCodeAt(at))
  }
  return at >= cut && cut - from >= minPartLength ? Math.max(end, cut) : end
}

/** Whether the first `length` characters of a label stand at a place; of many, those at both ends. */
function standsAt(text: string, at: number, label: string, length: number): boolean {
  if (at + length > text.length) return false
  const sampled = Math.min(length, sampleLength)
  return (
    isSame(text, at, label, { from: 0, to: sampled }) && isSame(text, at, label, { from: length - sampled, to: length })
  )
}

function isSame(text: string, at: number, label: string, { from, to }: Span): boolean {
  for (let index = from; index < to; index += 1)
    if (text.charCodeAt(at + index) !== label.charCodeAt(index)) return false
  return true
}

function insert(root: Branch, secret: string): void {
  let parent = root
  let rest = secret
  for (;;) {
    const branch = parent.next.get(rest.charCodeAt(0))
    if (branch === undefined) {
      parent.next.set(rest.charCodeAt(0), { label: rest, isEnd: true, next: new Map() })
      return
    }
    const shared = sharedLength(branch.label, rest)
    if (shared < branch.label.length) split(branch, shared)
    if (shared === rest.length) {
      branch.isEnd = true
      return
    }
    rest = rest.slice(shared)
    parent = branch
  }
}

function split(branch: Branch, at: number): void {
  const rest = { ...branch, label: branch.label.slice(at) }
  branch.next = new Map([[rest.label.charCodeAt(0), rest]])
  branch.label = branch.label.slice(0, at)
  branch.isEnd = false
}

function sharedLength(one: string, other: string): number {
  const most = Math.min(one.length, other.length)
  let length = 0
  while (length < most && one.charCodeAt(length) === other.charCodeAt(length)) length += 1
  return length
}

/** Depends on the last `minSecretLength` characters alone: what is older has been shifted out. */
function nextKey(key: number, code: number): number {
  return ((key << (filterBits / minSecretLength)) ^ code) & ((1 << filterBits) - 1)
}

function nextCut(text: string, from: number): number {
  const at = text.indexOf(ellipsis, from)
  return at < 0 ? text.length : at
}

/** The text with each span hidden, those that overlap as one. `maxLength`: what is read of it, and no half of a span. */
export function withoutSpans(text: string, spans: readonly Span[], maxLength = text.length): string {
  if (spans.length === 0) return text.slice(0, maxLength)
  const pieces: string[] = []
  let shownTo = 0
  for (const { from, to } of [...spans].sort((a, b) => a.from - b.from)) {
    if (from >= maxLength) break
    if (from >= shownTo) pieces.push(text.slice(shownTo, from), hidden)
    shownTo = Math.max(shownTo, to)
  }
  return [...pieces, text.slice(shownTo, maxLength)].join('')
}

/**
 * A text of the same length, in which the spans, which come in order, are a piece of whatever value they stand in: `]` may
 * stand in each and is part of no word.
 */
export function masked(text: string, spans: readonly Span[]): string {
  if (spans.length === 0) return text
  const pieces: string[] = []
  let done = 0
  for (const { from, to } of spans) {
    if (to <= done) continue
    const start = Math.max(from, done)
    pieces.push(text.slice(done, start), ']'.repeat(to - start))
    done = to
  }
  return [...pieces, text.slice(done)].join('')
}
