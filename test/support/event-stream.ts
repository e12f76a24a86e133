import { EventSource } from 'eventsource'
import { vi } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { testApiKey } from './switchyard.ts'

/** A stream read like by the EventSource of a browser, which reconnects automatically with the last id. */
export interface EventStream {
  readonly events: readonly ApiRecord[]
  /** Response status and `Last-Event-ID` of each connection. */
  readonly connections: readonly { status: number; lastEventId: string | null }[]
  /** Resolves when `count` events have arrived. */
  untilCount(count: number): Promise<readonly ApiRecord[]>
  /** Resolves when the response has started. The start position is determined by then, so later events are received. */
  untilOpen(): Promise<void>
  /** Resolves when the server has ended the stream with 204. */
  untilClosed(): Promise<void>
  close(): void
}

const limitMs = 15_000
const open = new Set<EventSource>()

export function openEventStream(url: string, { apiKey = testApiKey }: { apiKey?: string } = {}): EventStream {
  const events: ApiRecord[] = []
  const connections: { status: number; lastEventId: string | null }[] = []
  const source = new EventSource(url, {
    fetch: async (target, init) => {
      const headers = new Headers(init?.headers)
      headers.set('authorization', `Bearer ${apiKey}`)
      const response = await fetch(target, { ...init, headers })
      connections.push({ status: response.status, lastEventId: headers.get('last-event-id') })
      return response
    },
  })
  open.add(source)
  source.onmessage = (message) => events.push(JSON.parse(message.data))
  const until = (condition: () => boolean, expected: string) =>
    vi.waitUntil(condition, { timeout: limitMs, interval: 10 }).catch(() => {
      throw new Error(
        `not within ${limitMs} ms: ${expected}; got ${events.length} events, connections ${JSON.stringify(connections)}`,
      )
    })
  return {
    events,
    connections,
    async untilCount(count) {
      await until(() => events.length >= count, `${count} events`)
      return events
    },
    untilOpen: async () => void (await until(() => source.readyState === EventSource.OPEN, 'open')),
    untilClosed: async () => void (await until(() => source.readyState === EventSource.CLOSED, 'closed')),
    close() {
      open.delete(source)
      source.close()
    },
  }
}

/** Closes all streams at the end of a test file. */
export function closeEventStreams(): void {
  for (const source of open) source.close()
  open.clear()
}
