import { setTimeout as sleep } from 'node:timers/promises'
import { apiKey } from './stack.ts'

export interface ApiResponse {
  status: number
  body: {
    id?: string
    status?: string
    remote?: { id?: string }
    code?: string
    detail?: string
    [field: string]: unknown
  }
}

/** A plain HTTP client that retries requests without a response or with a 5xx, with the same key. */
export interface Client {
  call(method: string, path: string, options?: { body?: object; key?: string }): Promise<ApiResponse>
  /** Reads until `isEnough`; null after `limitMs`. */
  waitUntil(
    path: string,
    isEnough: (body: ApiResponse['body']) => boolean,
    limitMs: number,
  ): Promise<ApiResponse['body'] | null>
}

const responseTimeoutMs = 8000
const maxTries = 200

export function makeClient(urls: readonly string[]): Client {
  let requestCount = 0

  async function once(
    method: string,
    path: string,
    { body, key }: { body?: object; key?: string },
  ): Promise<ApiResponse> {
    requestCount += 1
    const received = await fetch(`${urls[requestCount % urls.length]}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(responseTimeoutMs),
    })
    const text = await received.text()
    return { status: received.status, body: text === '' ? {} : (JSON.parse(text) as ApiResponse['body']) }
  }

  const client: Client = {
    async call(method, path, options = {}) {
      for (let tries = 0; ; tries += 1) {
        const response = await once(method, path, options).catch((error: unknown) => {
          if (tries >= maxTries) throw error
          return null
        })
        if (response !== null && response.status < 500 && response.status !== 429) return response
        if (tries >= maxTries) throw new Error(`${method} ${path} returned ${response?.status} ${maxTries} times`)
        await sleep(Math.min(100 * 1.5 ** tries, 1000))
      }
    },

    async waitUntil(path, isEnough, limitMs) {
      const untilMs = performance.now() + limitMs
      while (performance.now() < untilMs) {
        const { body } = await client.call('GET', path)
        if (isEnough(body)) return body
        await sleep(30)
      }
      return null
    },
  }
  return client
}
