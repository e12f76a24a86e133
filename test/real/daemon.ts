import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { hostSystem, type System } from './debian-root.ts'
import { daemonPath } from './requirements.ts'

/** A server of its own process, which can be stopped and started again. */
export interface Daemon {
  start(): Promise<void>
  /** SIGTERM, and SIGKILL to what does not heed it. */
  stop(): Promise<void>
  /** SIGKILL, in the middle of whatever it does. */
  kill(): Promise<void>
  /** SIGKILL, SIGSTOP or SIGCONT, without waiting for anything. */
  signal(name: NodeJS.Signals): void
  /** The id of its process. */
  pid(): number
}

export interface DaemonOptions {
  program: string
  args: readonly string[]
  /** Null: as we are. */
  user: string | null
  /** Where it runs; this system by default. */
  system?: System
  env?: Readonly<Record<string, string>>
  cwd: string
  logFile: string
  /** Whether it answers. */
  isReady(): boolean | Promise<boolean>
  /** How long it may take until it answers; 20 seconds by default. */
  readyWithinMs?: number
}

const defaultReadyWithinMs = 20_000
const stopWithinMs = 10_000

export function makeDaemon(options: DaemonOptions): Daemon {
  const { program, args, user, system = hostSystem, env, cwd, logFile, isReady } = options
  const { readyWithinMs = defaultReadyWithinMs } = options
  let child: ChildProcess | null = null

  async function untilReady(): Promise<void> {
    for (const giveUpAt = Date.now() + readyWithinMs; Date.now() < giveUpAt; await delay(50)) {
      if (child?.exitCode !== null) break
      if (await isReady()) return
    }
    throw new Error(`${program} does not answer. It says:\n${readFileSync(logFile, 'utf8').slice(-2000)}`)
  }

  async function end(how: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const ending = child
    if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return
    const ended = new Promise<void>((resolve) => ending.once('exit', () => resolve()))
    ending.kill(how)
    const impatience = setTimeout(() => ending.kill('SIGKILL'), stopWithinMs)
    await ended
    clearTimeout(impatience)
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
