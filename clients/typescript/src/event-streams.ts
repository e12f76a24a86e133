import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { ConnectionError } from './errors.ts'
import { makeOutages } from './outages.ts'
import { startTimer } from './timers.ts'

/** Options of an event stream. */
export interface StreamOptions {
  /** Ends the stream. */
  signal?: AbortSignal | undefined
  /** `id` of a message after which the stream starts; `onMessage` reports it. */
  lastEventId?: string | undefined
  /** Called with the `id` of each message before its event is returned: store it to resume later. */
  onMessage?: ((id: string) => void) | undefined
}

interface Streaming {
  open(lastEventId: string | undefined): Promise<Response>
  maxOutageMs: number
  /** Time without data after which the connection counts as lost. Default: 30,000; heartbeats come every five seconds. */
  maxSilenceMs?: number
}

/**
 * The events of a stream, each once: after a disconnection it continues after the last event received. Ends when the
 * service declares the stream complete, and with an error if it is rejected or the service is unavailable for too long.
 */
export async function* followEvents<E>(
  { open, maxOutageMs, maxSilenceMs = 30_000 }: Streaming,
  { signal, lastEventId, onMessage }: StreamOptions = {},
): AsyncGenerator<E, void, void> {
  const outages = makeOutages(maxOutageMs)
  let position = lastEventId
  for (;;) {
    try {
      const { status, body } = await open(position)
      if (status === 204 || body === null) return
      const onComment = (text: string) => {
        position ??= /^position (\S+)$/.exec(text)?.[1]
      }
      for await (const { id = position, data } of messagesIn(body, { onData: outages.over, onComment, maxSilenceMs })) {
        position = id
        if (id !== undefined) onMessage?.(id)
        yield JSON.parse(data) as E
      }
    } catch (error) {
      await outages.endure(error, signal)
    }
  }
}

interface Reading {
  /** Called whenever the service sends anything. */
  onData(): void
  onComment(text: string): void
  maxSilenceMs: number
}

/** Ends only with an error; the end of the body is one. */
async function* messagesIn(
  body: ReadableStream<Uint8Array>,
  { onData, onComment, maxSilenceMs }: Reading,
): AsyncGenerator<EventSourceMessage, void, void> {
  const received: EventSourceMessage[] = []
  const parser = createParser({ onEvent: (message) => void received.push(message), onComment })
  const decoder = new TextDecoder()
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await readWithin(maxSilenceMs, reader)
      if (done) throw new ConnectionError('The event stream ended.')
      onData()
      parser.feed(decoder.decode(value, { stream: true }))
      yield* received.splice(0)
    }
  } finally {
    // Closes the connection.
    await reader.cancel().catch(() => undefined)
  }
}

async function readWithin(maxSilenceMs: number, reader: ReadableStreamDefaultReader<Uint8Array>) {
  let stopTimer = () => {}
  const silence = new Promise<never>((_resolve, reject) => {
    const error = new ConnectionError(`The event stream was silent for ${maxSilenceMs} ms.`)
    stopTimer = startTimer(maxSilenceMs, () => reject(error))
  })
  try {
    return await Promise.race([reader.read(), silence])
  } catch (cause) {
    throw cause instanceof ConnectionError ? cause : new ConnectionError('The event stream was interrupted.', { cause })
  } finally {
    stopTimer()
  }
}
