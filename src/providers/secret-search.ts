/** A range of a text: `from` inclusive, `to` exclusive. */
export interface Span {
  from: number
  to: number
}

/** Finds every range of a text that is a secret, or the beginning of one before a truncation. */
export type SecretSearch = (text: string) => Span[]

export const hidden = '[redacted]'
/** A shorter text occurs in too many others. */
export const minSecretLength = 4
/** Minimum length of a truncated secret; fewer characters may match by chance. */
const minPartLength = 6
/** The marker of a truncation. */
const ellipsis = '…'
/**
 * Longer parts of a secret are compared only at both ends, by this many characters, so that the cost does not grow with
 * their length.
 */
const sampleLength = 16
const filterBits = 12

/** A prefix tree of secrets. */
interface Branch {
  /** The text between the parent branch and this one. */
  label: string
  /** Whether a secret ends here. */
  isEnd: boolean
  next: Map<number, Branch>
}

/**
 * Searches in one pass, whatever the number and length of the secrets. If nested secrets would make it slow, it reports
 * the whole rest of the text: it may hide too much, never too little.
 */
export function makeSecretSearch(secrets: Iterable<string>): SecretSearch {
  const root: Branch = { label: '', isEnd: false, next: new Map() }
  // Most positions are excluded by their first characters.
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
  /** The next truncation of the text. */
  cut: number
  steps: { left: number }
}

/**
 * The end of the longest secret that begins at a position, or the truncation before its end; the position itself if
 * there is none.
 */
function endOf(root: Branch, text: string, { from, cut, steps }: Reading): number {
  let at = from
  let end = from
  for (let branch = root.next.get(text.charCodeAt(at)); branch !== undefined; ) {
    steps.left -= 1
    const { label, isEnd, next } = branch
    if (!occursAt(text, at, label, label.length)) {
      // It may match up to the truncation.
      if (at < cut && at + label.length > cut && occursAt(text, at, label, cut - at)) at = cut
      break
    }
    at += label.length
    if (isEnd) end = at
    branch = next.get(text.charCodeAt(at))
  }
  return at >= cut && cut - from >= minPartLength ? Math.max(end, cut) : end
}

/** Whether the first `length` characters of a label occur at a position; long ones are compared at both ends. */
function occursAt(text: string, at: number, label: string, length: number): boolean {
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

/** Depends only on the last `minSecretLength` characters: earlier ones are shifted out. */
function nextKey(key: number, code: number): number {
  return ((key << (filterBits / minSecretLength)) ^ code) & ((1 << filterBits) - 1)
}

function nextCut(text: string, from: number): number {
  const at = text.indexOf(ellipsis, from)
  return at < 0 ? text.length : at
}

/**
 * The text with each span hidden and overlapping ones merged. `maxLength` limits how much of the text is used, without
 * splitting a span.
 */
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
 * A text of the same length with the ordered spans masked so that each remains part of the surrounding value: `]` may
 * occur in any value and belongs to no word.
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
