import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'

/** Handlers for unexpected exits of a server. */
export interface Watching {
  /** Starts a replacement. */
  start(): Promise<ChildProcess>
  /** Called when the server exited, before it is restarted. */
  onDeath?(how: string): void
  /** Called when the replacement runs. */
  onRestart?(): void
  /** Called when the server cannot be restarted or keeps exiting; there are no further restarts. */
  onLost?(error: Error): void
}

const stopTimeoutMs = 10_000
/** Delays between restarts; sessions and shared memory of a killed server are released within seconds. */
const pausesMs = [100, 500, 1000, 2000, 4000]
/** The failure count is reset after this uptime. */
const steadyMs = 60_000

/** Keeps a server running until it is stopped. Returns a function that stops it permanently. */
export function keepRunning(first: ChildProcess, watching: Watching): () => Promise<void> {
  let server = first
  let isStopping = false
  let restarting: Promise<void> = Promise.resolve()
  let failures = 0

  const killOnExit = () => {
    server.kill('SIGINT')
  }
  process.once('exit', killOnExit)

  function watch(): void {
    const sinceMs = performance.now()
    const onEnd = (code: number | null, signal: string | null) => {
      if (isStopping) return
      if (performance.now() - sinceMs > steadyMs) failures = 0
      watching.onDeath?.(signal === null ? `code ${code}` : signal)
      restarting = restart(new Error(`Postgres ended with ${signal ?? `code ${code}`}, again and again`))
    }
    if (hasEnded(server)) onEnd(server.exitCode, server.signalCode)
    else server.once('exit', onEnd)
  }

  async function restart(death: Error): Promise<void> {
    for (let last = death; !isStopping; ) {
      const pauseMs = pausesMs[failures]
      if (pauseMs === undefined) return watching.onLost?.(last)
      failures += 1
      await delay(pauseMs)
      if (isStopping) return
      try {
        server = await watching.start()
        watch()
        return watching.onRestart?.()
      } catch (error) {
        last = error as Error
      }
    }
  }

  async function stop(): Promise<void> {
    isStopping = true
    await restarting
    process.off('exit', killOnExit)
    if (hasEnded(server)) return
    const exited = once(server, 'exit')
    server.kill('SIGINT') // "fast" shutdown: closes sessions and rolls back transactions
    const killTimer = setTimeout(() => server.kill('SIGQUIT'), stopTimeoutMs)
    await exited
    clearTimeout(killTimer)
  }

  watch()
  return stop
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}
