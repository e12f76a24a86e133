import { expect, it } from 'vitest'
import { makeFailedAuthLimiter } from '../../../src/access/failed-auth-limiter.ts'
import { makeFixedClock } from '../../support/fixed-clock.ts'

function flooded(address: string) {
  const clock = makeFixedClock()
  const failedAuth = makeFailedAuthLimiter(clock)
  for (let sent = 0; sent < 300; sent += 1) {
    failedAuth.rejectExcess(address)
    failedAuth.count(address)
  }
  return { clock, failedAuth }
}

it('rejects only the address with too many failures until its window ends', () => {
  const { clock, failedAuth } = flooded('192.0.2.1')
  clock.advance(10_000)
  expect(() => failedAuth.rejectExcess('192.0.2.1')).toThrow(
    expect.objectContaining({ code: 'rate_limited', retryAfterSeconds: 50 }),
  )
  expect(() => failedAuth.rejectExcess('192.0.2.2')).not.toThrow()
  clock.advance(50_000)
  expect(() => failedAuth.rejectExcess('192.0.2.1')).not.toThrow()
})

it('counts an IPv6 /64 network as one address and a mapped IPv4 address as IPv4', () => {
  expect(() => flooded('2001:db8:1:2::1').failedAuth.rejectExcess('2001:db8:1:2:3::9')).toThrow()
  expect(() => flooded('2001:db8:1:2::1').failedAuth.rejectExcess('2001:db8:1:3::1')).not.toThrow()
  expect(() => flooded('192.0.2.1').failedAuth.rejectExcess('::ffff:192.0.2.1')).toThrow()
})

it('drops the oldest address after 10,000 others', () => {
  const { failedAuth } = flooded('192.0.2.1')
  for (let host = 0; host <= 10_000; host += 1) failedAuth.count(`10.0.${host >> 8}.${host & 255}`)
  expect(() => failedAuth.rejectExcess('192.0.2.1')).not.toThrow()
})
