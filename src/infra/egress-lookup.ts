import type dns from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'

/** An error code in the style of `net`, so that callers can identify denied connections. */
export const egressDeniedCode = 'EGRESS_NOT_ALLOWED'

/** Denials of names are delayed to a multiple of this, or of half the connection timeout if that is less. */
const refusalStepMs = 1000

interface Check {
  isPermitted(address: string): boolean
  /** `any`: the permitted addresses are returned. `every`: one that is not permitted denies the name. */
  needs: 'any' | 'every'
}

/** A resolver that returns only permitted addresses. */
export function guarded(lookup: LookupFunction, { isPermitted, needs }: Check): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      const all = listOf(found)
      const permitted = all.filter(({ address }) => isPermitted(address))
      const [first] = permitted
      if (error !== null) callback(error, [])
      else if (first === undefined || (needs === 'every' && permitted.length < all.length))
        callback(refused(hostname), [])
      else if (options.all === true) callback(null, permitted)
      else callback(null, first.address, first.family)
    })
  }
}

/**
 * A resolver that returns no addresses for a name that does not exist, so that clients cannot probe which internal
 * names exist. Failures of the resolver itself are reported.
 */
export function withoutAbsence(lookup: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, options, (error, ...found) => {
      if (error?.code === 'ENOTFOUND') callback(null, [])
      else callback(error, ...found)
    })
  }
}

/**
 * A resolver that delays denials to fixed steps, because response times would reveal whether an internal name exists.
 */
export function inSteps(lookup: LookupFunction, timeoutMs: number): LookupFunction {
  const stepMs = Math.min(refusalStepMs, timeoutMs / 2)
  return (hostname, options, callback) => {
    const startedMs = performance.now()
    lookup(hostname, options, (error, ...found) => {
      if (error?.code !== egressDeniedCode) return callback(error, ...found)
      const leftMs = stepMs - ((performance.now() - startedMs) % stepMs)
      setTimeout(() => callback(error, ...found), leftMs)
    })
  }
}

/** The message does not reveal the internal address of a name. */
export function refused(hostname: string): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = new Error(`${hostname} is not an address that this installation calls`)
  error.code = egressDeniedCode
  return error
}

function listOf(found: Parameters<Parameters<LookupFunction>[2]>[1] | undefined): readonly dns.LookupAddress[] {
  return typeof found === 'string' ? [{ address: found, family: isIP(found) }] : (found ?? [])
}
