import { describe, expect, it } from 'vitest'
import { deliveryOutcome } from '../../../src/webhooks/delivery-outcome.ts'
import { webhookSettings } from '../../../src/webhooks/webhook-settings.ts'

const settings = webhookSettings({ timeoutMs: 10_000 })
const now = new Date('2024-05-01T12:00:00Z')
const middle = { retryStep: 0, failures: 0, now, chance: 0.5 }
const outcomeOf = (httpStatus: number, retryAfter: string | null = null, more = {}) =>
  deliveryOutcome({ httpStatus, retryAfter }, { ...middle, ...more }, settings)

it.each([200, 201, 202, 204, 299])('HTTP %i is a success', (httpStatus) => {
  expect(outcomeOf(httpStatus)).toEqual({ is: 'delivered' })
})

it.each([199, 301, 302, 307, 400, 401, 404, 429, 500, 503])('HTTP %i is a failure', (httpStatus) => {
  expect(outcomeOf(httpStatus)).toMatchObject({ is: 'failed', retryMs: 5000, disables: null })
})

it('HTTP 410 fails the delivery and disables its endpoint', () => {
  expect(outcomeOf(410, '60')).toMatchObject({ is: 'failed', retryMs: null, disables: 'gone' })
})

it('retries follow the schedule of ten attempts in about three days', () => {
  const waits = Array.from({ length: 10 }, (_, retryStep) => {
    const outcome = outcomeOf(500, null, { retryStep })
    return outcome.is === 'failed' ? outcome.retryMs : undefined
  })
  const [second, minute, hour] = [1000, 60_000, 3_600_000]
  const scheduled = [5 * second, 5 * minute, 30 * minute, ...[2, 5, 10, 14, 20, 24].map((hours) => hours * hour)]
  expect(waits).toEqual([...scheduled, null])
})

it('retry delays vary by ten percent', () => {
  expect(outcomeOf(500, null, { chance: 0 })).toMatchObject({ retryMs: 4500 })
  expect(outcomeOf(500, null, { chance: 1 })).toMatchObject({ retryMs: 5500 })
})

it('each failure extends the endpoint pause, up to a minute', () => {
  const pauses = [0, 1, 2, 5, 6, 1000].map((failures) => {
    const outcome = outcomeOf(500, null, { failures })
    return outcome.is === 'failed' ? outcome.pauseMs : undefined
  })
  expect(pauses).toEqual([1000, 2000, 4000, 32_000, 60_000, 60_000])
})

describe('Retry-After', () => {
  it.each([
    ['seconds', 503, '120', 120_000],
    ['a date', 429, 'Wed, 01 May 2024 12:02:00 GMT', 120_000],
    ['more than an hour', 503, '999999', 3_600_000],
    ['less than the schedule', 503, '1', 5000],
    ['a past date', 503, 'Wed, 01 May 2024 11:00:00 GMT', 5000],
    ['an invalid value', 503, 'soon', 5000],
    ['a status that does not support it', 404, '120', 5000],
  ])('sets the retry delay with %s', (_, httpStatus, retryAfter, retryMs) => {
    expect(outcomeOf(httpStatus, retryAfter)).toMatchObject({ retryMs })
  })

  it('applies to the whole endpoint', () => {
    expect(outcomeOf(429, '120')).toMatchObject({ requestedMs: 120_000 })
  })
})
