import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isStillAuthenticated, watchCaller } from './caller-validity.ts'
import type { ConcurrencyLimit } from './concurrency-limits.ts'
import { type Message, type TailBatch, type TailOptions, tailEvents } from './event-tail.ts'

/** Concurrency limit of event streams, and the signal that ends them all at shutdown. */
export interface Streams extends ConcurrencyLimit {
  readonly ended: AbortSignal
}

export interface Streaming<P> extends Pick<TailOptions<P>, 'read' | 'wait' | 'clock'> {
  streams: Streams
  /** Start position; the stream sends what follows it. */
  from: P
}

/** Time for a client to read the remaining data at shutdown. */
const drainMs = 1000

/** Lifetime of a stream. */
export interface StreamLifetime {
  /** Aborted when the client disconnects, its key is revoked, or the process shuts down. */
  signal: AbortSignal
  /** Ends the stream from the server; data in flight may be read for another moment. */
  end(): void
}

/**
 * Responds with Server-Sent Events until the stream is complete, the client disconnects, its key is revoked, or the
 * process shuts down. A client that reconnects with `Last-Event-ID` resumes after that event. Errors of the first read
 * are returned as usual; 204, which tells clients not to reconnect, if nothing more is expected.
 */
export async function sendEvents<P>(
  request: FastifyRequest,
  reply: FastifyReply,
  { streams, from, ...streaming }: Streaming<P>,
): Promise<FastifyReply> {
  return sendTexts(request, reply, streams, async ({ signal }) => {
    const first = await streaming.read(from)
    if (first.isOver && first.messages.length === 0) return null
    return textsOf(tailEvents({ ...streaming, isPermitted: () => isStillAuthenticated(request) }, first, signal))
  })
}

/** As `sendEvents`, with text from another source, in chunks of whole messages; null if nothing more is expected. */
export async function sendTexts(
  request: FastifyRequest,
  reply: FastifyReply,
  streams: Streams,
  open: (lifetime: StreamLifetime) => Promise<AsyncIterable<string | Uint8Array> | null>,
): Promise<FastifyReply> {
  const texts = await open(occupySlot(request, reply, streams))
  if (texts === null) return reply.code(204).send()
  return (
    reply
      .type('text/event-stream')
      // Not kept alive: a stream that ends at shutdown would leave the connection idle just before it is closed.
      .headers({ 'cache-control': 'no-store', 'x-accel-buffering': 'no', connection: 'close' })
      // In byte mode: in object mode the stream would buffer many chunks for a slow client.
      .send(Readable.from(untilFailure(texts, request), { objectMode: false }))
  )
}

/** Occupies one slot of the caller until the response is closed. */
function occupySlot(request: FastifyRequest, { raw }: FastifyReply, { acquire, ended }: Streams): StreamLifetime {
  const over = new AbortController()
  const release = acquire(request.caller.by.subject)
  let timer: NodeJS.Timeout | undefined
  const end = () => {
    over.abort()
    // Disconnects a client that does not read.
    timer ??= setTimeout(() => raw.destroy(), drainMs)
  }
  const stopWatching = watchCaller(request, end)
  const close = () => {
    over.abort()
    release()
    stopWatching()
    ended.removeEventListener('abort', end)
    clearTimeout(timer)
  }
  const lifetime = { signal: over.signal, end }
  if (raw.closed) {
    close()
    return lifetime
  }
  raw.once('close', close)
  if (ended.aborted) end()
  else ended.addEventListener('abort', end, { once: true })
  return lifetime
}

/** A failure ends the stream normally: the client reconnects and then receives the error. */
async function* untilFailure<T>(texts: AsyncIterable<T>, request: FastifyRequest): AsyncGenerator<T> {
  try {
    yield* texts
  } catch (error) {
    // Logs only the reason, since there may be many streams; the failed dependency logs its own error.
    request.log.warn({ reason: (error as Error).message }, 'event stream aborted')
  }
}

async function* textsOf<P>(batches: AsyncIterable<TailBatch<P>>): AsyncGenerator<string> {
  for await (const { messages } of batches) yield messages.length === 0 ? heartbeat : messages.map(messageText).join('')
}

export function messageText({ id, data }: Message): string {
  return `id: ${id}\ndata: ${JSON.stringify(data)}\n\n`
}

/**
 * Keeps the connection open: a comment without a blank line after it. Clients other than browsers take a block without
 * data for an empty message; some also take any blank line after an id for one.
 */
export const heartbeat = ':\n'

/** A heartbeat that states the position of the stream: a client can resume there before it has received a message. */
export function positionComment(id: string): string {
  return `: position ${id}\n`
}
