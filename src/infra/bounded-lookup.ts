import dns from 'node:dns'
import type { LookupFunction } from 'node:net'

type Callback = Parameters<LookupFunction>[2]
type Options = Parameters<LookupFunction>[1]

const maxWaiting = 1000

/** The name was not looked up, because too many others are. */
export class LookupsBusyError extends Error implements NodeJS.ErrnoException {
  code = 'EAI_AGAIN'
}

/**
 * A resolver with at most `most` concurrent lookups; equal concurrent lookups are shared. The system resolver occupies
 * a thread of a small pool until the name server responds, and client-chosen names must not exhaust the threads that
 * this process needs for its other lookups.
 *
 * @param giveUpMs how long a lookup may take from when it is made; its place is taken until the resolver responds
 */
export function makeBoundedLookup(
  most: number,
  lookup = dns.lookup as LookupFunction,
  giveUpMs?: number,
): LookupFunction {
  const asked = new Map<string, Callback[]>()
  const waiting: (() => void)[] = []
  let asking = 0

  function ask(key: string, hostname: string, options: Options): void {
    asking += 1
    const callbacks = asked.get(key) ?? []
    const reply = (...answer: Parameters<Callback>): void => {
      if (asked.get(key) === callbacks) asked.delete(key)
      for (const callback of callbacks.splice(0)) callback(...answer)
    }
    const timer = giveUpMs === undefined ? undefined : setTimeout(() => reply(tooLate(hostname), []), giveUpMs)
    lookup(hostname, options, (...answer) => {
      clearTimeout(timer)
      asking -= 1
      reply(...answer)
      waiting.shift()?.()
    })
  }

  return (hostname, options, callback) => {
    const key = `${hostname} ${options.family ?? 0} ${options.hints ?? 0} ${options.all ?? false}`
    const joined = asked.get(key)
    if (joined !== undefined) return void joined.push(callback)
    if (asking >= most && waiting.length >= maxWaiting)
      return callback(new LookupsBusyError(`too many names are being resolved to ask for ${hostname}`), [])
    asked.set(key, [callback])
    if (asking < most) ask(key, hostname, options)
    else waiting.push(() => ask(key, hostname, options))
  }
}

function tooLate(hostname: string): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = new Error(`${hostname} was not resolved in time`)
  error.code = 'EAI_AGAIN'
  return error
}
