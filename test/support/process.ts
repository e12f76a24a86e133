import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type ApiCaller, makeApiCaller } from './api-caller.ts'
import { testApiKey, testSecretsKey } from './switchyard.ts'

export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
  /** Time since the start, or since the last signal. */
  tookMs: number
}

type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string }

/** A command of `main.ts` in a child process, which is killed when the test process exits. */
export interface Running {
  readonly exited: Promise<Exit>
  /** Standard output so far. */
  stdout(): string
  /** Resolves with the first matching log line, past or future. Rejects if the process exits without one. */
  logged(matches: (line: LogLine) => boolean): Promise<LogLine>
  signal(name: NodeJS.Signals): void
  /** Sends a signal and waits for the exit. */
  end(name?: NodeJS.Signals): Promise<Exit>
}

const children = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

const ownProgram = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

const inherited = {
  PATH: process.env.PATH ?? '',
  HOME: process.env.HOME ?? '',
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '',
  // Avoids failures on a busy machine.
  MAX_EVENT_LOOP_DELAY_MS: '0',
}

/** Runs a command with only this environment. `program` is the `main.ts` of another version. */
export function runCommand(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  { cwd, program = ownProgram }: { cwd?: string; program?: string } = {},
): Running {
  const child = spawn(process.execPath, ['--no-warnings', program, ...command], {
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  })
  children.add(child)
  const log = makeLogReader(child.stdout)
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
  })
  let startMs = performance.now()
  const exited = new Promise<Exit>((resolve) => {
    child.once('close', (code, signal) => {
      children.delete(child)
      log.close(stderr)
      resolve({ code, signal, stdout: log.text(), stderr, tookMs: performance.now() - startMs })
    })
  })
  const signal = (name: NodeJS.Signals): void => {
    startMs = performance.now()
    child.kill(name)
  }
  return {
    exited,
    stdout: log.text,
    logged: log.logged,
    signal,
    end(name = 'SIGTERM') {
      signal(name)
      return exited
    },
  }
}

function makeLogReader(output: NodeJS.ReadableStream) {
  const lines: LogLine[] = []
  const waiting = new Set<{ offer: (line: LogLine) => void; fail: (error: Error) => void }>()
  let text = ''
  let ended: Error | null = null
  createInterface({ input: output }).on('line', (raw) => {
    text += `${raw}\n`
    if (!raw.startsWith('{')) return
    const line = JSON.parse(raw) as LogLine
    lines.push(line)
    for (const waiter of waiting) waiter.offer(line)
  })
  return {
    text: () => text,
    close(stderr: string) {
      ended = new Error(`the process ended: ${stderr.trim()}\n${text.slice(-2000)}`)
      for (const waiter of waiting) waiter.fail(ended)
    },
    logged(matches: (line: LogLine) => boolean): Promise<LogLine> {
      const known = lines.find(matches)
      if (known !== undefined) return Promise.resolve(known)
      if (ended !== null) return Promise.reject(ended)
      return new Promise((resolve, fail) => {
        const waiter = {
          offer(line: LogLine) {
            if (!matches(line)) return
            waiting.delete(waiter)
            resolve(line)
          },
          fail,
        }
        waiting.add(waiter)
      })
    },
  }
}

/** The shortest intervals that the configuration allows. The lease determines how long a dead worker delays work. */
export const quickEnvironment = {
  PORT: '0',
  SECRETS_KEY: testSecretsKey,
  BOOTSTRAP_API_KEY: testApiKey,
  POLL_INTERVAL_MS: '60',
  SWEEP_MIN_INTERVAL_MS: '80',
  SWEEP_MAX_INTERVAL_MS: '400',
  PROVIDER_TIMEOUT_MS: '1000',
  LEASE_MS: '2100',
  SHUTDOWN_TIMEOUT_MS: '3000',
  SHUTDOWN_DRAIN_MS: '0',
  DATABASE_POOL_SIZE: '6',
  EGRESS_ALLOW: '127.0.0.1',
} as const

export interface Serving extends Running {
  /** Client for a process with an API. */
  readonly api: ApiCaller
  readonly url: string
}

/** Runs `serve`; resolves when it is ready. */
export async function serveProcess(
  env: Readonly<Record<string, string>>,
  { program }: { program?: string } = {},
): Promise<Serving> {
  const running = runCommand(['serve'], { ...quickEnvironment, ...env }, program === undefined ? {} : { program })
  const { url } = await running.logged(({ msg }) => msg === 'ready')
  const base = typeof url === 'string' ? url : ''
  return { ...running, url: base, api: makeApiCaller(base, testApiKey) }
}
