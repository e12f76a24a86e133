import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { hostSystem, type System } from './debian-root.ts'
import { daemonPath } from './requirements.ts'

/** A server in its own process, which can be stopped and restarted. */
export interface Daemon {
  start(): Promise<void>
  /** Sends SIGTERM, then SIGKILL if the process does not end. */
  stop(): Promise<void>
  /** Sends SIGKILL. */
  kill(): Promise<void>
  /** Sends SIGKILL, SIGSTOP or SIGCONT without waiting. */
  signal(name: NodeJS.Signals): void
  /** The process id. */
  pid(): number
}

export interface DaemonOptions {
  program: string
  args: readonly string[]
  /** Null: the current user. */
  user: string | null
  /** The system to run on, by default this one. */
  system?: System
  env?: Readonly<Record<string, string>>
  cwd: string
  logFile: string
  /** Whether the server responds. */
  isReady(): boolean | Promise<boolean>
  /** Time limit until it is ready, by default 20 seconds. */
  readyWithinMs?: number
}

const defaultReadyWithinMs = 20_000
const stopWithinMs = 10_000

export function makeDaemon(options: DaemonOptions): Daemon {
  const { program, args, user, system = hostSystem, env, cwd, logFile, isReady } = options
  const { readyWithinMs = defaultReadyWithinMs } = options
  let child: ChildProcess | null = null

  async function untilReady(): Promise<void> {
    for (const deadline = Date.now() + readyWithinMs; Date.now() < deadline; await delay(50)) {
      if (child?.exitCode !== null) break
      if (await isReady()) return
    }
    throw new Error(`${program} is not ready. Its log ends with:\n${readFileSync(logFile, 'utf8').slice(-2000)}`)
  }

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const stopping = child
    if (stopping === null || stopping.exitCode !== null || stopping.signalCode !== null) return
    const ended = new Promise<void>((resolve) => stopping.once('exit', () => resolve()))
    stopping.kill(signal)
    const killTimer = setTimeout(() => stopping.kill('SIGKILL'), stopWithinMs)
    await ended
    clearTimeout(killTimer)
  }

  return {
    async start() {
      const log = openSync(logFile, 'a')
      const [file, ...rest] = system.command(program, args, user ?? undefined)
      child = spawn(file, rest, { cwd, env: { PATH: daemonPath, ...env }, stdio: ['ignore', log, log] })
      closeSync(log)
      await untilReady()
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    signal(name) {
      child?.kill(name)
    },
    pid: () => child?.pid ?? 0,
  }
}
