import dns from 'node:dns'
import type { LookupFunction } from 'node:net'

type Callback = Parameters<LookupFunction>[2]
type Options = Parameters<LookupFunction>[1]

const maxWaiting = 1000

/** The name was not looked up because of too many concurrent lookups. */
export class LookupsBusyError extends Error implements NodeJS.ErrnoException {
  code = 'EAI_AGAIN'
}

/**
 * A resolver with at most `max` concurrent lookups; equal concurrent lookups are shared. The system resolver occupies
 * a thread of a small pool until the name server responds, and client-chosen names must not exhaust the threads that
 * this process needs for its other lookups.
 *
 * @param timeoutMs maximum duration of a lookup; its slot stays in use until the resolver responds
 */
export function makeBoundedLookup(
  max: number,
  lookup = dns.lookup as LookupFunction,
  timeoutMs?: number,
): LookupFunction {
  const pending = new Map<string, Callback[]>()
  const waiting: (() => void)[] = []
  let running = 0

  function lookUp(key: string, hostname: string, options: Options): void {
    running += 1
    const callbacks = pending.get(key) ?? []
    const respond = (...result: Parameters<Callback>): void => {
      if (pending.get(key) === callbacks) pending.delete(key)
      for (const callback of callbacks.splice(0)) callback(...result)
    }
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => respond(tooLate(hostname), []), timeoutMs)
    lookup(hostname, options, (...result) => {
      clearTimeout(timer)
      running -= 1
      respond(...result)
      waiting.shift()?.()
    })
  }

  return (hostname, options, callback) => {
    const key = `${hostname} ${options.family ?? 0} ${options.hints ?? 0} ${options.all ?? false}`
    const joined = pending.get(key)
    if (joined !== undefined) return void joined.push(callback)
    if (running >= max && waiting.length >= maxWaiting)
      return callback(new LookupsBusyError(`too many names are being resolved to ask for ${hostname}`), [])
    pending.set(key, [callback])
    if (running < max) lookUp(key, hostname, options)
    else waiting.push(() => lookUp(key, hostname, options))
  }
}

function tooLate(hostname: string): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = new Error(`${hostname} was not resolved in time`)
  error.code = 'EAI_AGAIN'
  return error
}
