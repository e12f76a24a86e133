import { messageText } from '../http/event-stream.ts'
import type { Kind } from '../vocabulary/kinds.ts'
import type { FeedPosition } from './feed.repository.ts'
import type { FeedMessage } from './feed.ts'
import { isAfter } from './feed-cursor.ts'

/** Events of a project from one read, rendered once for all subscribers. */
export interface Batch {
  end: FeedPosition
  /** Text of the events of these kinds after a position; empty if there are none. */
  textAfter(position: FeedPosition, kinds: readonly Kind[]): Uint8Array
}

/** Newest events of a project without gaps, up to a size limit. */
export interface RecentEvents {
  /** Position after which all events up to the newest are in memory. */
  begin(): FeedPosition
  /** Batch with the next event after a position, which must not precede `begin()`; null if there is none yet. */
  after(position: FeedPosition): Batch | null
  append(messages: readonly FeedMessage[]): void
}

export function makeRecentEvents(begin: FeedPosition, maxBytes: number): RecentEvents {
  let first = begin
  let bytes = 0
  const batches: (Batch & { bytes: number })[] = []

  return {
    begin: () => first,

    after(position) {
      let next: Batch | null = null
      for (let index = batches.length - 1; index >= 0; index -= 1) {
        const batch = batches[index]
        if (batch === undefined || !isAfter(batch.end, position)) break
        next = batch
      }
      return next
    },

    append(messages) {
      const last = messages.at(-1)
      if (last === undefined) return
      const batch = makeBatch(messages, { begin: batches.at(-1)?.end ?? first, end: last.position })
      batches.push(batch)
      bytes += batch.bytes
      // The newest batch stays, whatever its size.
      while (bytes > maxBytes && batches.length > 1) {
        const evicted = batches.shift()
        bytes -= evicted?.bytes ?? 0
        first = evicted?.end ?? first
      }
    },
  }
}

function makeBatch(messages: readonly FeedMessage[], { begin, end }: { begin: FeedPosition; end: FeedPosition }) {
  const texts = messages.map((message) => ({ ...message, text: messageText(message) }))
  const textByKinds = new Map<string, Uint8Array>()

  function joined(position: FeedPosition | null, kinds: readonly Kind[]): Uint8Array {
    const selected = texts.filter(
      (message) => kinds.includes(message.kind) && (position === null || isAfter(message.position, position)),
    )
    return Buffer.from(selected.map(({ text }) => text).join(''))
  }

  return {
    end,
    bytes: texts.reduce((sum, { text }) => sum + text.length, 0),
    textAfter(position: FeedPosition, kinds: readonly Kind[]): Uint8Array {
      if (isAfter(position, begin)) return joined(position, kinds)
      const key = kinds.join()
      const text = textByKinds.get(key) ?? joined(null, kinds)
      textByKinds.set(key, text)
      return text
    },
  }
}
