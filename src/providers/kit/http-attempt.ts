import type { Dispatcher } from 'undici'
import { ProviderError } from '../provider-error.ts'
import type { HttpRequest, HttpResponse, ProviderClock } from '../session.ts'
import { transportError } from './http-errors.ts'

interface AttemptLimits {
  origin: string
  timeoutMs: number
  maxResponseBytes: number
  clock: ProviderClock
}

/** Thrown inside undici's hook, which makes undici drop the request before writing it and keep the connection. */
const canceledBeforeSend = new Error('the request was canceled before it was sent')

/**
 * The undici handler of one request. undici calls `onRequestStart` in the same tick, directly before it writes to the
 * connected socket: while `#isStarted` is false, nothing has been sent.
 */
export class Attempt implements Dispatcher.DispatchHandler {
  readonly response: Promise<HttpResponse>
  readonly #request: HttpRequest
  readonly #limits: AttemptLimits
  readonly #resolve: (response: HttpResponse) => void
  readonly #reject: (error: ProviderError) => void
  readonly #timer: NodeJS.Timeout
  readonly #onAbort: () => void
  readonly #chunks: Buffer[] = []
  #controller: Dispatcher.DispatchController | null = null
  #isStarted = false
  #isSettled = false
  #byteCount = 0
  #status = 0
  #headers: HttpResponse['headers'] = {}

  constructor(request: HttpRequest, limits: AttemptLimits) {
    const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>()
    this.response = promise
    this.#request = request
    this.#limits = limits
    this.#resolve = resolve
    this.#reject = reject
    this.#timer = setTimeout(() => this.#giveUp(`no complete response within ${limits.timeoutMs} ms`), limits.timeoutMs)
    this.#onAbort = () => this.#giveUp('the request was aborted')
    if (request.signal.aborted) this.#onAbort()
    else request.signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  get isSettled(): boolean {
    return this.#isSettled
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#isSettled) throw canceledBeforeSend
    if (this.#isStarted) {
      // Undici requeues a request in some races of a closing socket; it must not be sent twice.
      this.#fail(new ProviderError('unavailable', `The connection to ${this.#limits.origin} was lost.`))
      throw canceledBeforeSend
    }
    if (this.#isPastSendBy()) {
      const detail = `Not sent to ${this.#limits.origin}: the send deadline had passed.`
      this.#fail(new ProviderError('timeout', detail, { notSent: true }))
      throw canceledBeforeSend
    }
    this.#controller = controller
    this.#isStarted = true
  }

  onResponseStart(_controller: unknown, status: number, headers: HttpResponse['headers']): void {
    if (status < 200) return
    this.#status = status
    this.#headers = headers
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    this.#byteCount += chunk.byteLength
    if (this.#byteCount <= this.#limits.maxResponseBytes) {
      this.#chunks.push(chunk)
      return
    }
    const detail = `${this.#limits.origin} returned HTTP ${this.#status} with more than ${this.#limits.maxResponseBytes} bytes.`
    this.#fail(new ProviderError('bad_response', detail, { httpStatus: this.#status, isTooLarge: true }))
  }

  onResponseEnd(): void {
    if (this.#isSettled) return
    this.#settle()
    const text = new TextDecoder().decode(Buffer.concat(this.#chunks))
    this.#resolve({ status: this.#status, headers: this.#headers, text })
  }

  onResponseError(_controller: unknown, error: unknown): void {
    this.#fail(transportError(error, { origin: this.#limits.origin, isSent: this.#isStarted }))
  }

  #isPastSendBy(): boolean {
    const { sendBy } = this.#request
    if (sendBy === undefined) return false
    const { clock } = this.#limits
    return clock.now().getTime() > sendBy.at.getTime() || clock.monotonicMs() > sendBy.monotonicMs
  }

  #giveUp(why: string): void {
    const sent = this.#isStarted ? 'sent' : 'not sent yet'
    const message = `Aborted ${this.#limits.origin}: ${why} (${sent}).`
    this.#fail(new ProviderError('timeout', message, { notSent: !this.#isStarted }))
  }

  #fail(error: ProviderError): void {
    if (this.#isSettled) return
    this.#settle()
    this.#controller?.abort(error)
    this.#reject(error)
  }

  #settle(): void {
    this.#isSettled = true
    clearTimeout(this.#timer)
    this.#request.signal.removeEventListener('abort', this.#onAbort)
  }
}
