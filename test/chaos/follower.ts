import { setTimeout as sleep } from 'node:timers/promises'
import { apiKey } from './stack.ts'

/** An event as the verifier compares it. */
export interface FeedEvent {
  recordId: string
  seq: number
}

/** A client that follows the project events from before the first request, over all instances. */
export interface Follower {
  /** Received events in order. */
  readonly received: readonly FeedEvent[]
  /** Resolves after `count` events or `limitMs`, plus a moment in which duplicates would arrive. */
  waitForEvents(count: number, limitMs: number): Promise<void>
  stop(): void
}

const retryMs = 100

/** Resolves once the first stream is open. */
export async function startFollower(urls: readonly string[]): Promise<Follower> {
  const received: FeedEvent[] = []
  const stopped = new AbortController()
  const opened = Promise.withResolvers<void>()
  // A stream has no id before its first message, and no event before that may be missed.
  let lastId = await currentCursor(urls[0] ?? '')

  function handle(message: string): void {
    const fields = new Map(message.split('\n').map((line) => line.split(/: (.*)/s, 2) as [string, string]))
    const data = fields.get('data')
    if (data !== undefined) received.push(JSON.parse(data) as FeedEvent)
    lastId = fields.get('id') ?? lastId
  }

  async function readStream(url: string): Promise<void> {
    const headers = { authorization: `Bearer ${apiKey}`, 'last-event-id': lastId }
    const response = await fetch(`${url}/events/stream`, { headers, signal: stopped.signal })
    if (!response.ok || response.body === null) return
    opened.resolve()
    for await (const message of messagesOf(response.body)) handle(message)
  }

  async function keepReading(): Promise<void> {
    for (let round = 0; !stopped.signal.aborted; round += 1) {
      // After any error, even within a message, the next stream resumes after the last complete message.
      await readStream(urls[round % urls.length] ?? '').catch(() => {})
      await sleep(retryMs)
    }
  }

  void keepReading()
  await opened.promise
  return {
    received,
    async waitForEvents(count, limitMs) {
      const untilMs = performance.now() + limitMs
      while (received.length < count && performance.now() < untilMs) await sleep(retryMs)
      await sleep(10 * retryMs)
    },
    stop: () => stopped.abort(),
  }
}

/** Complete messages. */
async function* messagesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let text = ''
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const messages = (text + chunk).split('\n\n')
    text = messages.pop() ?? ''
    yield* messages
  }
}

/** The current end of the project's events. */
async function currentCursor(url: string): Promise<string> {
  const response = await fetch(`${url}/events?limit=200`, { headers: { authorization: `Bearer ${apiKey}` } })
  return ((await response.json()) as { endCursor: string }).endCursor
}
