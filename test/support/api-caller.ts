import type { ApiRecord } from '../../src/commands/api-client.ts'

export interface ApiResponse {
  status: number
  headers: Headers
  /** Null if the response has no body. */
  body: ApiRecord
}

export interface CallOptions {
  body?: object
  headers?: Readonly<Record<string, string>>
}

/** Client that returns every response, errors included, and long-polls with `Prefer: wait`. */
export interface ApiCaller {
  call(method: string, path: string, options?: CallOptions): Promise<ApiResponse>
  /** Sends a request that must return 2xx. Returns the body. */
  ok(method: string, path: string, body?: object): Promise<ApiRecord>
  /** Long-polls a record until it matches. */
  until(path: string, matches: (record: ApiRecord) => boolean, limitMs?: number): Promise<ApiRecord>
  untilStatus(path: string, ...statuses: string[]): Promise<ApiRecord>
}

/** Shorter than the timeout of the test runner, so that the error names the record. */
const defaultLimitMs = 20_000

export function makeApiCaller(url: string, apiKey: string): ApiCaller {
  async function call(method: string, path: string, { body, headers = {} }: CallOptions = {}): Promise<ApiResponse> {
    const hasBody = body !== undefined
    const response = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        ...(hasBody ? { 'content-type': 'application/json' } : {}),
        ...headers,
      },
      ...(hasBody ? { body: JSON.stringify(body) } : {}),
    })
    const text = await wholeText(response)
    return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) }
  }

  async function until(path: string, matches: (record: ApiRecord) => boolean, limitMs = defaultLimitMs) {
    const untilMs = performance.now() + limitMs
    let record = (await call('GET', path)).body
    while (!matches(record)) {
      if (performance.now() > untilMs) throw new Error(`${path} is still ${describe(record)} after ${limitMs} ms`)
      const headers = { prefer: 'wait=2', 'if-none-match': `"${record.version}"` }
      const response = await call('GET', path, { headers })
      if (response.status === 200) record = response.body
    }
    return record
  }

  return {
    call,
    until,
    async ok(method, path, body) {
      const response = await call(method, path, body === undefined ? {} : { body })
      if (response.status >= 300)
        throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(response.body)}`)
      return response.body
    },
    untilStatus: (path, ...statuses) => until(path, (record) => statuses.includes(record.status)),
  }
}

/** Reads a complete response; cancels a stream immediately. */
export async function wholeText(response: Response): Promise<string> {
  if (response.headers.get('content-type') !== 'text/event-stream') return response.text()
  await response.body?.cancel()
  return ''
}

function describe({ status, statusReason, statusMessage, remote }: ApiRecord): string {
  return JSON.stringify({ status, statusReason, statusMessage, remote })
}
