import { format } from 'node:util'

interface Log {
  warn(context: object, message: string): void
}

/**
 * Redirects library output to the log, each text once: BullMQ's advice on the Redis eviction policy, and the warnings
 * of Node and the Postgres driver. Consumers of JSON lines cannot parse anything else.
 */
export function logConsole(log: Log, target: Pick<Console, 'warn' | 'error' | 'log' | 'info'> = console): void {
  const logged = new Set<string>()
  const logOnce = (text: string): void => {
    if (logged.has(text)) return
    logged.add(text)
    log.warn({ source: 'library' }, text)
  }
  const print = (...parts: unknown[]): void => logOnce(format(...parts))
  Object.assign(target, { warn: print, error: print, log: print, info: print })
  // Node's default listener prints warnings.
  process.removeAllListeners('warning')
  process.on('warning', ({ name, message }) => logOnce(`${name}: ${message}`))
}
