import { setTimeout as sleep } from 'node:timers/promises'
import { apiKey } from './stack.ts'

export interface Answer {
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

/** A client that knows HTTP alone: what got no answer, or a 5xx, is sent again with the same key. */
export interface Client {
  call(method: string, path: string, options?: { body?: object; key?: string }): Promise<Answer>
  /** Reads until `isEnough`; null where `limitMs` have passed first. */
  until(path: string, isEnough: (body: Answer['body']) => boolean, limitMs: number): Promise<Answer['body'] | null>
}

const answerLimitMs = 8000
const mostTries = 200

export function makeClient(urls: readonly string[]): Client {
  let turn = 0

  async function once(method: string, path: string, { body, key }: { body?: object; key?: string }): Promise<Answer> {
    turn += 1
    const response = await fetch(`${urls[turn % urls.length]}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(answerLimitMs),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Answer['body']) }
  }

  const client: Client = {
    async call(method, path, options = {}) {
      for (let tries = 0; ; tries += 1) {
        const answer = await once(method, path, options).catch((error: unknown) => {
          if (tries >= mostTries) throw error
          return null
        })
        if (answer !== null && answer.status < 500 && answer.status !== 429) return answer
        if (tries >= mostTries) throw new Error(`${method} ${path} answers ${answer?.status} over and over`)
        await sleep(Math.min(100 * 1.5 ** tries, 1000))
      }
    },

    async until(path, isEnough, limitMs) {
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
