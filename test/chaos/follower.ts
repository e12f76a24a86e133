import { setTimeout as sleep } from 'node:timers/promises'
import { apiKey } from './stack.ts'

/** An event as the judge compares it. */
export interface FeedEvent {
  recordId: string
  seq: number
}

/** A client that follows the project from before the first request, over whichever instance answers. */
export interface Follower {
  /** What it was told, in the order in which it was. */
  readonly told: readonly FeedEvent[]
  /** Once it was told so much, or `limitMs` have passed, and a moment later: what comes then would be told twice. */
  untilTold(count: number, limitMs: number): Promise<void>
  leave(): void
}

const retryMs = 100

/** Resolves once the first stream is open. */
export async function startFollower(urls: readonly string[]): Promise<Follower> {
  const told: FeedEvent[] = []
  const left = new AbortController()
  const opened = Promise.withResolvers<void>()
  // A stream tells its place with its first message only, and nothing may be missed before that.
  let lastId = await now(urls[0] ?? '')

  function take(message: string): void {
    const fields = new Map(message.split('\n').map((line) => line.split(/: (.*)/s, 2) as [string, string]))
    const data = fields.get('data')
    if (data !== undefined) told.push(JSON.parse(data) as FeedEvent)
    lastId = fields.get('id') ?? lastId
  }

  async function readOne(url: string): Promise<void> {
    const headers = { authorization: `Bearer ${apiKey}`, 'last-event-id': lastId }
    const response = await fetch(`${url}/events/stream`, { headers, signal: left.signal })
    if (!response.ok || response.body === null) return
    opened.resolve()
    for await (const message of messagesOf(response.body)) take(message)
  }

  async function readOn(): Promise<void> {
    for (let turn = 0; !left.signal.aborted; turn += 1) {
      // Whatever ends it, also in the middle of a message: the next goes on after the last that was whole.
      await readOne(urls[turn % urls.length] ?? '').catch(() => {})
      await sleep(retryMs)
    }
  }

  void readOn()
  await opened.promise
  return {
    told,
    async untilTold(count, limitMs) {
      const untilMs = performance.now() + limitMs
      while (told.length < count && performance.now() < untilMs) await sleep(retryMs)
      await sleep(10 * retryMs)
    },
    leave: () => left.abort(),
  }
}

/** Those that have come whole. */
async function* messagesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let text = ''
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const messages = (text + chunk).split('\n\n')
    text = messages.pop() ?? ''
    yield* messages
  }
}

/** Where the project's events end now. */
async function now(url: string): Promise<string> {
  const response = await fetch(`${url}/events?limit=200`, { headers: { authorization: `Bearer ${apiKey}` } })
  return ((await response.json()) as { endCursor: string }).endCursor
}
