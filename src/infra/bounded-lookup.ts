import dns from 'node:dns'
import type { LookupFunction } from 'node:net'

type Callback = Parameters<LookupFunction>[2]
type Options = Parameters<LookupFunction>[1]

const maxWaiting = 1000

/**
 * A resolver with at most `most` concurrent lookups; equal concurrent lookups are shared. The system resolver occupies
 * a thread of a small pool until the name server responds, and client-chosen names must not exhaust the threads that
 * this process needs for its other lookups.
 */
export function makeBoundedLookup(most: number, lookup = dns.lookup as LookupFunction): LookupFunction {
  const asked = new Map<string, Callback[]>()
  const waiting: (() => void)[] = []
  let asking = 0

  function ask(key: string, hostname: string, options: Options): void {
    asking += 1
    lookup(hostname, options, (...answer) => {
      asking -= 1
      const callbacks = asked.get(key) ?? []
      asked.delete(key)
      waiting.shift()?.()
      for (const callback of callbacks) callback(...answer)
    })
  }

  return (hostname, options, callback) => {
    const key = `${hostname} ${options.family ?? 0} ${options.hints ?? 0} ${options.all ?? false}`
    const joined = asked.get(key)
    if (joined !== undefined) return void joined.push(callback)
    if (asking >= most && waiting.length >= maxWaiting) return callback(tooMany(hostname), [])
    asked.set(key, [callback])
    if (asking < most) ask(key, hostname, options)
    else waiting.push(() => ask(key, hostname, options))
  }
}

function tooMany(hostname: string): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = new Error(`too many names are being resolved to ask for ${hostname}`)
  error.code = 'EAI_AGAIN'
  return error
}
