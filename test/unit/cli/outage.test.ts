import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { makeOutage } from '../../../clients/cli/src/waiting/outage.ts'
import { ConnectionError, errorOf } from '../../../clients/typescript/src/errors.ts'

const unreachable = new ConnectionError('no response')
const { signal } = new AbortController()
const minuteMs = 60_000

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())

const advance = (ms: number) => void vi.setSystemTime(Date.now() + ms)

describe('outage tolerance', () => {
  it.each([
    ['no response', unreachable],
    ['proxy 503 responses', errorOf(new Response('', { status: 503 }), '')],
  ])('covers up to five minutes of %s', async (_title, error) => {
    const outage = makeOutage()
    await outage.endure(error, signal)
    advance(5 * minuteMs)
    await outage.endure(error, signal)
    advance(1)
    await expect(outage.endure(error, signal)).rejects.toBe(error)
  })

  it('restarts after an outage ends', async () => {
    const outage = makeOutage()
    await outage.endure(unreachable, signal)
    advance(4 * minuteMs)
    outage.over()
    advance(4 * minuteMs)
    await expect(outage.endure(unreachable, signal)).resolves.toBeUndefined()
  })
})

it.each([
  ['a rejected key', errorOf(new Response('', { status: 401 }), '')],
  ['a programming error', new TypeError('x')],
])('does not treat %s as an outage', async (_title, error) => {
  await expect(makeOutage().endure(error, signal)).rejects.toBe(error)
})
