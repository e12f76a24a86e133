import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { daemonPath } from './requirements.ts'

/** A server of its own process, which can be stopped and started again. */
export interface Daemon {
  start(): Promise<void>
  /** SIGTERM, and SIGKILL to what does not heed it. */
  stop(): Promise<void>
}

export interface DaemonOptions {
  program: string
  args: readonly string[]
  /** Null: as we are. */
  user: string | null
  env?: Readonly<Record<string, string>>
  cwd: string
  logFile: string
  /** Whether it answers. */
  isReady(): boolean | Promise<boolean>
}

const readyWithinMs = 20_000
const stopWithinMs = 10_000

export function makeDaemon(options: DaemonOptions): Daemon {
  const { program, args, user, env, cwd, logFile, isReady } = options
  let child: ChildProcess | null = null

  async function untilReady(): Promise<void> {
    for (const giveUpAt = Date.now() + readyWithinMs; Date.now() < giveUpAt; await delay(50)) {
      if (child?.exitCode !== null) break
      if (await isReady()) return
    }
    throw new Error(`${program} does not answer. It says:\n${readFileSync(logFile, 'utf8').slice(-2000)}`)
  }

  return {
    async start() {
      const log = openSync(logFile, 'a')
      // setpriv becomes the daemon, so that a signal to the child is a signal to it.
      const [file = program, ...rest] =
        user === null
          ? [program, ...args]
          : ['setpriv', '--reuid', user, '--regid', groupOf(user), '--init-groups', program, ...args]
      child = spawn(file, rest, { cwd, env: { PATH: daemonPath, ...env }, stdio: ['ignore', log, log] })
      closeSync(log)
      await untilReady()
    },
    async stop() {
      const ending = child
      if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return
      const ended = new Promise<void>((resolve) => ending.once('exit', () => resolve()))
      ending.kill('SIGTERM')
      const impatience = setTimeout(() => ending.kill('SIGKILL'), stopWithinMs)
      await ended
      clearTimeout(impatience)
    },
  }
}

/** A user's own group, by number. */
function groupOf(user: string): string {
  const entry = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((line) => line.startsWith(`${user}:`))
  return entry?.split(':')[3] ?? user
}
