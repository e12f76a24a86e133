import ipaddr from 'ipaddr.js'
import { LRUCache } from 'lru-cache'
import { ApiError } from '../vocabulary/api-error.ts'

/**
 * Counts unknown keys and invalid tokens per client network: each costs a database query, a signature verification, or
 * both.
 */
export interface FailedAuthLimiter {
  /** @throws ApiError `rate_limited` if the network has too many failures in this window */
  rejectExcess(address: string): void
  count(address: string): void
}

const windowMs = 60_000
const maxPerNetwork = 300
/** Above this the least recently seen network is dropped, so that a flood of addresses does not exhaust memory. */
const maxNetworks = 10_000

/** Counts in this process only, so that a flood costs nothing elsewhere. */
export function makeFailedAuthLimiter(clock: { monotonicMs(): number }): FailedAuthLimiter {
  // The window of a network begins with its first failure. An entry outlives its TTL by a moment: with 1 ms less, it
  // has expired after the time in `Retry-After`.
  const counts = new LRUCache<string, number>({
    ...{ max: maxNetworks, ttl: windowMs - 1, ttlResolution: 0, noUpdateTTL: true },
    perf: { now: clock.monotonicMs },
  })

  return {
    rejectExcess(address) {
      const network = networkOf(address)
      if ((counts.get(network) ?? 0) < maxPerNetwork) return
      throw tooMany(Math.ceil(counts.getRemainingTTL(network) / 1000))
    },
    count(address) {
      const network = networkOf(address)
      counts.set(network, (counts.get(network) ?? 0) + 1)
    },
  }
}

/** An IPv6 client usually has a complete /64 network. */
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
