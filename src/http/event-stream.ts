import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '../vocabulary/refusal.ts'
import { type Following, follow, type Reading } from './follow.ts'
import type { Places } from './places.ts'

export interface Streaming<P> extends Pick<Following<P>, 'read' | 'wait' | 'clock'> {
  places: Places
  /** After what to begin. */
  from: P
}

/**
 * Answers with Server-Sent Events until there are no more, the client leaves, its key is revoked, or this process stops;
 * a client that reconnects with `Last-Event-ID` goes on where it was. What the first read refuses is refused as usual,
 * and where nothing more can come the answer is 204, which tells a client not to come again.
 */
export async function sendEvents<P>(
  request: FastifyRequest,
  reply: FastifyReply,
  { places, from, ...streaming }: Streaming<P>,
): Promise<FastifyReply> {
  const left = new AbortController()
  const leave = places.take(request.caller.by.subject)
  const close = () => {
    left.abort()
    leave()
  }
  if (reply.raw.closed) close()
  else reply.raw.once('close', close)
  const first = await streaming.read(from)
  if (first.isOver && first.messages.length === 0) return reply.code(204).send()
  const following = { ...streaming, isPermitted: () => isStillLetIn(request) }
  return reply
    .type('text/event-stream')
    .headers({ 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
    .send(Readable.from(textOf(follow(following, first, left.signal), request)))
}

/** A reading that fails ends the stream as if it were over: the client comes back, and then is told what is wrong. */
async function* textOf<P>(readings: AsyncIterable<Reading<P>>, request: FastifyRequest): AsyncGenerator<string> {
  try {
    for await (const { messages, position } of readings)
      yield messages.length === 0 ? quiet(position) : messages.map(messageText).join('')
  } catch (error) {
    request.log.warn({ err: error }, 'a stream of events broke off')
  }
}

function messageText({ id, data }: Reading<unknown>['messages'][number]): string {
  return `id: ${id}\ndata: ${JSON.stringify(data)}\n\n`
}

/** Keeps the connection open, and without being a message it moves what the client sends as `Last-Event-ID`. */
function quiet(position: unknown): string {
  return `id: ${position}\n\n`
}

/** A key may be revoked while its stream is open. */
async function isStillLetIn(request: FastifyRequest): Promise<boolean> {
  try {
    request.caller = await request.server.authenticate(request)
    return true
  } catch (error) {
    if (error instanceof Refusal) return false
    throw error
  }
}
