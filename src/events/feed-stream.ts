import { heartbeat, messageText, positionComment, type StreamLifetime } from '../http/event-stream.ts'
import type { TailOptions } from '../http/event-tail.ts'
import type { Kind } from '../vocabulary/kinds.ts'
import type { FeedPosition } from './feed.repository.ts'
import type { Feed, FeedMessage } from './feed.ts'
import { cursorOf, type FeedCursor, isAfter, parseFeedCursor } from './feed-cursor.ts'
import type { Listener, Tail, Tails } from './tails.ts'

interface Deps {
  feed: Feed
  tails: Tails
  clock: TailOptions<unknown>['clock']
}

/** Subscriber of a project's feed. */
export interface Audience {
  projectId: string
  /** Null: start with new events. */
  cursor: string | null
  /** Kinds that the key may read now. */
  kinds(): readonly Kind[]
  /** Whether the key is still valid. Checked before anything is sent. */
  isPermitted(): Promise<boolean>
}

const maxConcurrent = 200
/** Maximum silence before a heartbeat; checked every second. */
const heartbeatMs = 3500

/**
 * Opens a project's events as stream text. Events older than those in memory come from the database, page by page at
 * the client's pace; later ones come from the tail, which reads once for all subscribers. The two are joined by
 * position: each event follows the last one sent, and the tail holds all events between its begin and its end.
 */
export async function openFeedStream(
  deps: Deps,
  audience: Audience,
  lifetime: StreamLifetime,
): Promise<AsyncIterable<string | Uint8Array>> {
  const { feed, tails } = deps
  const { projectId, cursor } = audience
  const from = parseFeedCursor(cursor ?? (await feed.now(projectId)))
  let wake = () => {}
  const listener: Listener = { position: null, sendingSinceMs: null, wake: () => wake(), cut: lifetime.end }
  lifetime.signal.addEventListener('abort', () => wake(), { once: true })
  const tail = await tails.join(projectId, listener, lifetime.signal)
  const change = () =>
    new Promise<void>((resolve) => {
      wake = resolve
    })
  const reader = { ...deps, ...audience, tail, listener, signal: lifetime.signal, change }
  // An invalid cursor is rejected before anything is sent.
  const first = isInMemory(tail, from) ? { text: '', end: from, isMore: true } : await olderStep(reader, from)
  listener.position = isInMemory(tail, first.end) ? first.end.position : null
  return textsFrom(reader, first)
}

interface Reader extends Omit<Deps, 'tails'>, Omit<Audience, 'cursor'> {
  signal: AbortSignal
  tail: Tail
  listener: Listener
  /** Resolves when there may be something new, a heartbeat may be due, or the stream is over. */
  change(): Promise<void>
}

interface Step {
  text: string | Uint8Array
  end: FeedCursor
  /** More may be readable immediately. */
  isMore: boolean
}

async function* textsFrom(reader: Reader, first: Step): AsyncGenerator<string | Uint8Array, void> {
  const { clock, listener } = reader
  const textFor = withHeartbeats(clock)
  let at = first.end
  listener.sendingSinceMs = clock.monotonicMs()
  yield first.text.length > 0 ? first.text : positionComment(cursorOf(at))
  listener.sendingSinceMs = null
  while (!reader.signal.aborted) {
    // Subscribes before reading, so that no event is missed.
    const change = reader.change()
    const step = await nextStep(reader, at)
    if (step === null) return
    at = step.end
    const text = textFor(step)
    listener.sendingSinceMs = clock.monotonicMs()
    if (text.length > 0) yield text
    listener.sendingSinceMs = null
    if (!step.isMore) await change
  }
}

/** Sends a heartbeat after a long silence. */
function withHeartbeats({ monotonicMs }: Deps['clock']): (step: Step) => string | Uint8Array {
  let sentAtMs = monotonicMs()
  // Also while pages are read: pages without permitted events produce no text.
  return ({ text }) => {
    const isDue = monotonicMs() - sentAtMs >= heartbeatMs
    if (text.length > 0 || isDue) sentAtMs = monotonicMs()
    return text.length === 0 && isDue ? heartbeat : text
  }
}

/** Null: the key is no longer valid. */
async function nextStep(reader: Reader, at: FeedCursor): Promise<Step | null> {
  const { tail, listener } = reader
  const isLive = isInMemory(tail, at)
  listener.position = isLive ? at.position : null
  if (!isLive) return (await reader.isPermitted()) ? olderStep(reader, at) : null
  const batch = tail.recent.after(at.position)
  if (batch === null) return { text: '', end: at, isMore: false }
  if (!(await reader.isPermitted())) return null
  listener.position = batch.end
  return { text: batch.textAfter(at.position, reader.kinds()), end: { ...at, position: batch.end }, isMore: true }
}

async function olderStep({ feed, tail, projectId, kinds }: Reader, at: FeedCursor): Promise<Step> {
  const begin = tail.recent.begin()
  const { messages, end } = await feed.page(projectId, { after: at, limit: maxConcurrent })
  if (messages.length === 0) return { text: '', end: later(at, begin), isMore: false }
  return { text: textOf(messages, kinds()), end, isMore: true }
}

/** If nothing follows a position, nothing lies between it and a position that was read before. */
function later(at: FeedCursor, position: FeedPosition): FeedCursor {
  return isAfter(position, at.position) ? { ...at, position } : at
}

function textOf(messages: readonly FeedMessage[], kinds: readonly Kind[]): string {
  return messages
    .filter(({ kind }) => kinds.includes(kind))
    .map(messageText)
    .join('')
}

/** @throws the error that stopped the tail */
function isInMemory({ epoch, recent, error }: Tail, at: FeedCursor): boolean {
  if (error() !== null) throw error()
  return at.epoch === epoch && !isAfter(recent.begin(), at.position)
}
