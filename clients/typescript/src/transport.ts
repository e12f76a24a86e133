import { ConnectionError, errorOf, isSwitchyardError, SwitchyardError, TimeoutError } from './errors.ts'
import { isRepeatable, isUnprocessed, retryDelayMs, systemCodeOf } from './retries.ts'
import type { Settings } from './settings.ts'
import { sleep, startTimer } from './timers.ts'

/** How one request is sent. */
export interface Sending {
  /** Expected response; `any` is whatever the operation returns. Default: `json`. */
  expects?: 'json' | 'event-stream' | 'lines' | 'any' | undefined
  /** Time limit of one attempt; of an event stream, until its headers. Default: the client's. */
  timeoutMs?: number | undefined
  /** Default: the client's. */
  maxRetries?: number | undefined
  /** Whether a POST leads to the same state if it is repeated. */
  isRepeatable?: boolean | undefined
  /** Whether a repetition that finds nothing is a success: an earlier attempt, whose response was lost, has deleted it. */
  isDeletion?: boolean | undefined
}

export type Transport = (request: Request, sending: Sending) => Promise<Response>

/**
 * Sends a request with the API key, and repeats it if that is safe. The body of the response has been read, so that a
 * connection that is lost in between counts as a failed attempt; except that of a stream.
 *
 * @throws SwitchyardError for a response that is not a success; ConnectionError; TimeoutError; the reason of the signal
 */
export function makeTransport(settings: Settings): Transport {
  return (request, sending) => sendUntilFinal(settings, request, sending)
}

async function sendUntilFinal(settings: Settings, request: Request, sending: Sending): Promise<Response> {
  const { maxRetries = settings.maxRetries, isRepeatable: canRepeat = isRepeatable(request) } = sending
  const failures: unknown[] = []
  for (;;) {
    try {
      return await attempt(settings, request, sending)
    } catch (error) {
      if (sending.isDeletion && isGone(error, failures)) return new Response(null, { status: 204 })
      const delayMs = retryDelayMs(error, failures.length, { canRepeat, maxRetries })
      if (delayMs === null) throw error
      failures.push(error)
      await sleep(delayMs, request.signal)
    }
  }
}

/** Whether the service finds nothing to delete, and has perhaps processed one of the attempts that failed before. */
function isGone(error: unknown, failures: readonly unknown[]): boolean {
  return isSwitchyardError(error, 'not_found') && !failures.every(isUnprocessed)
}

async function attempt(settings: Settings, request: Request, sending: Sending): Promise<Response> {
  const { expects = 'json', timeoutMs = settings.timeoutMs } = sending
  const apiKey = await settings.apiKey()
  request.signal.throwIfAborted()
  const overdue = new AbortController()
  const stopTimer = startTimer(timeoutMs, () => overdue.abort())
  try {
    const own = new Request(request.clone(), { signal: AbortSignal.any([request.signal, overdue.signal]) })
    own.headers.set('authorization', `Bearer ${apiKey}`)
    const response = await settings.fetch(own)
    if (expects !== 'json' && response.status === 200 && isStream(response)) return response
    return accepted(response, await response.text(), expects)
  } catch (error) {
    request.signal.throwIfAborted()
    if (overdue.signal.aborted) throw timeout(request, timeoutMs)
    throw isNetworkError(error) ? unreachable(request, error) : error
  } finally {
    stopTimer()
  }
}

function accepted(response: Response, body: string, expects: NonNullable<Sending['expects']>): Response {
  const { status, headers } = response
  if (status === 204 || status === 304) return new Response(null, { status, headers })
  const isStreamed = expects === 'event-stream' || expects === 'lines'
  const isExpected = isJson(response, body) ? !isStreamed : expects === 'any' && isText(response)
  if (!response.ok || !isExpected) throw errorOf(response, body)
  return new Response(body, { status, headers })
}

function isStream(response: Response): boolean {
  return isOf(response, 'text/event-stream') || isOf(response, 'application/x-ndjson')
}

function isOf(response: Response, type: string): boolean {
  return (response.headers.get('content-type') ?? '').startsWith(type)
}

/** The service sends no HTML to clients: it is a page of a proxy, such as its login. */
function isText(response: Response): boolean {
  return isOf(response, 'text/') && !isOf(response, 'text/html')
}

function isJson(response: Response, body: string): boolean {
  return isOf(response, 'application/json') && /^\s*[[{]/.test(body)
}

/** `fetch` rejects with a TypeError; Bun, and a body that ends early, with others. */
function isNetworkError(error: unknown): boolean {
  return !(error instanceof SwitchyardError) && (error instanceof TypeError || systemCodeOf(error) !== '')
}

function unreachable({ method, url }: Request, cause: unknown): ConnectionError {
  const { host, pathname } = new URL(url)
  const code = systemCodeOf(cause)
  const why = code === '' ? '' : ` (${code})`
  return new ConnectionError(`${method} ${pathname}: no response from ${host}${why}. Check the URL and the network.`, {
    cause,
  })
}

function timeout({ method, url }: Request, timeoutMs: number): TimeoutError {
  const { host, pathname } = new URL(url)
  return new TimeoutError(`${method} ${pathname}: no complete response from ${host} within ${timeoutMs} ms.`)
}
