import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ConcurrencyLimit } from './concurrency-limits.ts'
import { type Message, type TailBatch, type TailOptions, tailEvents } from './event-tail.ts'
import { isStillLetIn, watchCaller } from './lasting-proof.ts'

/** Where streams have their places, and what ends them all: the process is about to stop. */
export interface Streams extends ConcurrencyLimit {
  readonly ended: AbortSignal
}

export interface Streaming<P> extends Pick<TailOptions<P>, 'read' | 'wait' | 'clock'> {
  streams: Streams
  /** After what to begin. */
  from: P
}

/** How long a client may take what was on its way to it when the process is about to stop. */
const takeRestMs = 1000

/** Lifetime of a stream. */
export interface Telling {
  /** Aborted when the client leaves, its key is revoked, or the process is about to stop. */
  signal: AbortSignal
  /** Ends it from this side; what is on its way may be taken for a moment. */
  end(): void
}

/**
 * Answers with Server-Sent Events until there are no more, the client leaves, its key is revoked, or this process stops;
 * a client that reconnects with `Last-Event-ID` goes on where it was. What the first read refuses is refused as usual,
 * and where nothing more is expected the answer is 204, which tells a client not to come again.
 */
export async function sendEvents<P>(
  request: FastifyRequest,
  reply: FastifyReply,
  { streams, from, ...streaming }: Streaming<P>,
): Promise<FastifyReply> {
  return sendTexts(request, reply, streams, async ({ signal }) => {
    const first = await streaming.read(from)
    if (first.isOver && first.messages.length === 0) return null
    return textsOf(tailEvents({ ...streaming, isPermitted: () => isStillLetIn(request) }, first, signal))
  })
}

/** The same with texts that are made elsewhere, each of whole messages; null where nothing more is expected. */
export async function sendTexts(
  request: FastifyRequest,
  reply: FastifyReply,
  streams: Streams,
  open: (telling: Telling) => Promise<AsyncIterable<string | Uint8Array> | null>,
): Promise<FastifyReply> {
  const texts = await open(takePlace(request, reply, streams))
  if (texts === null) return reply.code(204).send()
  return (
    reply
      .type('text/event-stream')
      // No connection to keep: a stream that ends at shutdown would leave it idle, just before it is closed.
      .headers({ 'cache-control': 'no-store', 'x-accel-buffering': 'no', connection: 'close' })
      // In bytes: of objects a stream would keep many that its client does not take.
      .send(Readable.from(untilTheyBreakOff(texts, request), { objectMode: false }))
  )
}

/** A place until the answer is over. */
function takePlace(request: FastifyRequest, { raw }: FastifyReply, { take, ended }: Streams): Telling {
  const over = new AbortController()
  const leave = take(request.caller.by.subject)
  let timer: NodeJS.Timeout | undefined
  const end = () => {
    over.abort()
    // A client that reads nothing is cut off.
    timer ??= setTimeout(() => raw.destroy(), takeRestMs)
  }
  const stopWatching = watchCaller(request, end)
  const close = () => {
    over.abort()
    leave()
    stopWatching()
    ended.removeEventListener('abort', end)
    clearTimeout(timer)
  }
  const telling = { signal: over.signal, end }
  if (raw.closed) {
    close()
    return telling
  }
  raw.once('close', close)
  if (ended.aborted) end()
  else ended.addEventListener('abort', end, { once: true })
  return telling
}

/** A failure ends the stream like its end: the client reconnects and then gets the error. */
async function* untilTheyBreakOff<T>(texts: AsyncIterable<T>, request: FastifyRequest): AsyncGenerator<T> {
  try {
    yield* texts
  } catch (error) {
    // Only the reason, since there may be many streams: the failed dependency logs its error itself.
    request.log.warn({ reason: (error as Error).message }, 'event stream aborted')
  }
}

async function* textsOf<P>(readings: AsyncIterable<TailBatch<P>>): AsyncGenerator<string> {
  for await (const { messages } of readings)
    yield messages.length === 0 ? heartbeat : messages.map(messageText).join('')
}

export function messageText({ id, data }: Message): string {
  return `id: ${id}\ndata: ${JSON.stringify(data)}\n\n`
}

/**
 * Keeps the connection open: a comment, with no blank line after it. Clients that are not browsers take a block without data
 * for an empty message, and some any blank line once they have seen an id.
 */
export const heartbeat = ':\n'
