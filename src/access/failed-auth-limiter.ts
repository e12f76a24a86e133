import ipaddr from 'ipaddr.js'
import { ApiError } from '../vocabulary/api-error.ts'

/**
 * Keys that nobody has and tokens that are not valid, counted by the network that they come from: each costs a question to
 * the database, a signature to verify, or both.
 */
export interface UnknownKeys {
  /** @throws Refusal `rate_limited` where too many came from there in this window */
  refuseMore(address: string): void
  count(address: string): void
}

const windowMs = 60_000
const maxPerNetwork = 300
/** Beyond these, counting begins anew: who has so many addresses is not held by counting them. */
const maxNetworks = 10_000

/** Counts in this process alone, so that a flood costs nothing elsewhere. */
export function makeUnknownKeys(clock: { monotonicMs(): number }): UnknownKeys {
  const counts = new Map<string, number>()
  let endsAtMs = clock.monotonicMs() + windowMs

  function renew(): void {
    if (counts.size <= maxNetworks && clock.monotonicMs() < endsAtMs) return
    counts.clear()
    endsAtMs = clock.monotonicMs() + windowMs
  }

  return {
    refuseMore(address) {
      renew()
      if ((counts.get(networkOf(address)) ?? 0) < maxPerNetwork) return
      throw tooMany(Math.ceil((endsAtMs - clock.monotonicMs()) / 1000))
    },
    count(address) {
      const network = networkOf(address)
      counts.set(network, (counts.get(network) ?? 0) + 1)
    },
  }
}

/** Whoever has an IPv6 address has the 2^64 beside it. */
function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address
  const parsed = ipaddr.process(address)
  return parsed instanceof ipaddr.IPv6 ? parsed.parts.slice(0, 4).join(':') : parsed.toString()
}

function tooMany(leftSeconds: number): ApiError {
  return new ApiError(
    'rate_limited',
    `Too many failed authentications from your network: ${maxPerNetwork} within ${windowMs / 1000} seconds. Check your key or token, and try again in ${leftSeconds} seconds.`,
    { retryAfterSeconds: leftSeconds },
  )
}
