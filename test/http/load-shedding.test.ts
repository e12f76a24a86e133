import { afterEach, describe, expect, it, vi } from 'vitest'
import { settingsOf } from '../../src/commands/settings.ts'
import { readConfig } from '../../src/config/config.ts'
import type { LoadLimits } from '../../src/http/load-shedding.ts'
import type { HttpServer } from '../../src/http/server.ts'
import { expectProblem } from '../support/problems.ts'
import { makeUnconnectedApp } from '../support/unconnected-app.ts'

let app: HttpServer | undefined
afterEach(() => app?.close())

async function appWith(load: LoadLimits): Promise<HttpServer> {
  const { edge } = settingsOf(readConfig({}))
  app = await makeUnconnectedApp({ deps: { edge: { ...edge, load } } })
  return app
}

/** The load is sampled every second. */
const untilShed = (server: HttpServer, beforeEach = () => {}) =>
  vi.waitFor(
    async () => {
      beforeEach()
      const response = await server.inject('/jobs')
      expect(response.statusCode).toBe(503)
      return response
    },
    { timeout: 30_000, interval: 20 },
  )

describe('load shedding', () => {
  it('returns 503 with Retry-After before authentication, except for health checks', async () => {
    const server = await appWith({ maxEventLoopDelayMs: 0, maxHeapBytes: 1 })
    const response = await untilShed(server)
    expect(response.headers['retry-after']).toBe('5')
    const headers = new Headers({
      'content-type': String(response.headers['content-type']),
      'x-request-id': String(response.headers['x-request-id']),
    })
    expectProblem({ status: response.statusCode, headers }, response.json())
    expect(response.json()).toMatchObject({ code: 'unavailable', retryable: true })
    expect((await server.inject('/livez')).statusCode).toBe(200)
    // These fail because there is no database, not because of the load.
    for (const url of ['/readyz', '/metrics']) expect((await server.inject(url)).payload, url).not.toMatch(/overloaded/)
  })

  it('measures the event loop delay', async () => {
    const server = await appWith({ maxEventLoopDelayMs: 1, maxHeapBytes: 0 })
    const block = () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
    expect((await untilShed(server, block)).json()).toMatchObject({ code: 'unavailable' })
  })
})

it('requests below the limits are accepted', async () => {
  const server = await appWith({ maxEventLoopDelayMs: 60_000, maxHeapBytes: Number.MAX_SAFE_INTEGER })
  expect((await server.inject('/jobs')).statusCode).toBe(401)
})

it('load limits are enabled unless they are set to 0', () => {
  expect(settingsOf(readConfig({})).edge.load.maxHeapBytes).toBeGreaterThan(64 * 1024 ** 2)
  const off = { MAX_EVENT_LOOP_DELAY_MS: '0', MAX_HEAP_PERCENT: '0' }
  expect(settingsOf(readConfig(off)).edge.load).toEqual({ maxEventLoopDelayMs: 0, maxHeapBytes: 0 })
})
