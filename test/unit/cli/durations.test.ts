import { describe, expect, it } from 'vitest'
import { formatElapsed, parseDuration, parseExpiry, parsePast } from '../../../clients/cli/src/input/durations.ts'

describe('duration', () => {
  it.each([
    ['90', 90_000],
    ['90s', 90_000],
    ['15m', 900_000],
    ['2h', 7_200_000],
    ['1h30m', 5_400_000],
    ['30d', 2_592_000_000],
  ])('parses %s as %i ms', (text, expectedMs) => {
    expect(parseDuration(text)).toBe(expectedMs)
  })

  it.each(['', '-1', '1.5h', '5 m', 'soon', '1w', '9'.repeat(40)])('rejects %j', (text) => {
    expect(() => parseDuration(text)).toThrow('is not a duration. Write it as 90s, 15m, 2h, 30d or 1h30m.')
  })

  it.each(['36501d', '999999999d', '36500d1s'])('rejects %s as too long for a timestamp', (text) => {
    expect(() => parseDuration(text)).toThrow('is longer than 36500 days')
  })
})

const nowMs = Date.parse('2026-01-01T00:00:00Z')

describe('expiry', () => {
  it.each([
    ['1d', '2026-01-02T00:00:00.000Z'],
    ['2027-01-31T12:00:00+02:00', '2027-01-31T10:00:00.000Z'],
  ])('parses %s as %s', (text, expected) => {
    expect(parseExpiry(text, nowMs)).toBe(expected)
  })

  it('rejects an invalid timestamp', () => {
    expect(() => parseExpiry('2027-13-01', nowMs)).toThrow('is not a timestamp')
  })
})

it.each([
  ['1d', '2025-12-31T00:00:00.000Z'],
  ['2h', '2025-12-31T22:00:00.000Z'],
  ['2025-12-31T12:00:00+02:00', '2025-12-31T10:00:00.000Z'],
])('parses %s as the past time %s', (text, expected) => {
  expect(parsePast(text, nowMs)).toBe(expected)
})

it.each([
  [400, '0.4s'],
  [12_300, '12s'],
  [185_000, '3m 05s'],
  [7_620_000, '2h 07m'],
  [273_600_000, '3d 04h'],
  [-5, '0.0s'],
])('formats %i ms as %s', (elapsedMs, expected) => {
  expect(formatElapsed(elapsedMs)).toBe(expected)
})
