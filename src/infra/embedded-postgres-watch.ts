import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'

/** What becomes of a server that ends though nobody stopped it. */
export interface Watching {
  /** Starts another one in its place. */
  start(): Promise<ChildProcess>
  /** It ended; another one is about to be started. */
  onDeath?(how: string): void
  /** The other one runs. */
  onRestart?(): void
  /** It cannot be started again, or ends again and again: nothing more is tried. */
  onLost?(error: Error): void
}

const stopPatienceMs = 10_000
/** What a killed server leaves behind (its sessions, their shared memory) is gone within moments. */
const pausesMs = [100, 500, 1000, 2000, 4000]
/** A server that has run for this long is not about to end again for the same reason. */
const steadyMs = 60_000

/** Keeps a server running until it is stopped. Answers how to stop it, once and for all. */
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
    server.kill('SIGINT') // "fast" shutdown: sessions are cut, transactions rolled back
    const impatient = setTimeout(() => server.kill('SIGQUIT'), stopPatienceMs)
    await exited
    clearTimeout(impatient)
  }

  watch()
  return stop
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}
