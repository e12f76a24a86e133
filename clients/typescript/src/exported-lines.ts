import { ConnectionError, isSwitchyardError } from './errors.ts'
import { makeOutages } from './outages.ts'

interface Exporting {
  /** Opens the export after the entry with this id. */
  open(after: string | undefined): Promise<Response>
  maxOutageMs: number
}

/** The entries of an export, each once: after a disconnection it continues after the last complete line. */
export async function* exportedLines<E extends { id: string }>(
  { open, maxOutageMs }: Exporting,
  { after, signal }: { after?: string | undefined; signal?: AbortSignal | undefined } = {},
): AsyncGenerator<E, void, void> {
  const outages = makeOutages(maxOutageMs)
  let position = after
  for (;;) {
    try {
      const { body } = await open(position)
      for await (const line of linesOf(body)) {
        const entry = JSON.parse(line) as E
        outages.over()
        position = entry.id
        yield entry
      }
      return
    } catch (error) {
      await outages.endure(asLost(error, signal), signal)
    }
  }
}

/** An incomplete line is omitted, since it is sent again. */
async function* linesOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<string> {
  if (body === null) return
  const decoder = new TextDecoder()
  let rest = ''
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      const parts = (rest + decoder.decode(value, { stream: true })).split('\n')
      rest = parts.pop() ?? ''
      yield* parts
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}

/** A body that ends early. */
function asLost(error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true || isSwitchyardError(error)) return error
  return error instanceof TypeError ? new ConnectionError('The export broke off.', { cause: error }) : error
}
