import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { makeOutage } from '../../../clients/cli/src/waiting/outage.ts'
import { ConnectionError, errorOf } from '../../../clients/typescript/src/errors.ts'

const unreachable = new ConnectionError('no response')
const { signal } = new AbortController()
const minuteMs = 60_000

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())

const passed = (ms: number) => void vi.setSystemTime(Date.now() + ms)

describe('an outage', () => {
  it.each([
    ['no response', unreachable],
    ['a 503 of a proxy', errorOf(new Response('', { status: 503 }), '')],
  ])('of up to five minutes with %s is tolerated', async (_title, error) => {
    const outage = makeOutage()
    await outage.endure(error, signal)
    passed(5 * minuteMs)
    await outage.endure(error, signal)
    passed(1)
    await expect(outage.endure(error, signal)).rejects.toBe(error)
  })

  it('that is over does not count towards the next', async () => {
    const outage = makeOutage()
    await outage.endure(unreachable, signal)
    passed(4 * minuteMs)
    outage.over()
    passed(4 * minuteMs)
    await expect(outage.endure(unreachable, signal)).resolves.toBeUndefined()
  })
})

it.each([
  ['a rejected key', errorOf(new Response('', { status: 401 }), '')],
  ['an error of the program', new TypeError('x')],
])('%s is not an outage', async (_title, error) => {
  await expect(makeOutage().endure(error, signal)).rejects.toBe(error)
})
