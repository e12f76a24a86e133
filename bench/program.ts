import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** Child process of the bench. */
export interface Program<Ready> {
  pid: number
  ready: Ready
  hasEnded(): boolean
  /** End of its output. */
  output(): string
  /** Sends a message and resolves with the next one received; rejects if the process exits instead. */
  send<Reply>(message: object | string): Promise<Reply>
  stop(): Promise<void>
}

/** Flags of scripts/run.mjs, used for the baselines as well. */
const flags = ['--no-warnings', '--max-semi-space-size=16']

/** Starts a TypeScript program; without arguments, it reports over IPC that it is ready. */
export async function startProgram<Ready>(
  program: URL,
  env: Record<string, string>,
  args: readonly string[] = [],
): Promise<Program<Ready>> {
  const started = startBinary<Ready>(process.execPath, [...flags, fileURLToPath(program), ...args], env)
  return args.length > 0 ? started : { ...started, ready: await started.receive<Ready>() }
}

/** Starts any executable. */
export function startBinary<Ready>(
  path: string,
  args: readonly string[],
  env: Record<string, string>,
): Program<Ready> & { receive<Reply>(): Promise<Reply> } {
  const child = spawn(path, args, {
    env: {
      PATH: process.env.PATH ?? '',
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '',
      UV_THREADPOOL_SIZE: '16',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-4000)
    })
  child.once('exit', (code, signal) => {
    output += `(ended with ${signal ?? code})`
  })
  const onExit = () => child.kill('SIGKILL')
  process.once('exit', onExit)
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`${path} ended: ${output}`)))
  ended.catch(() => {})
  const receive = () => Promise.race([once(child, 'message').then(([message]) => message), ended])
  return {
    pid: child.pid ?? 0,
    ready: undefined as Ready,
    hasEnded,
    output: () => output,
    receive,
    send: async (message) => {
      const received = receive()
      child.send(message)
      return received
    },
    async stop() {
      process.off('exit', onExit)
      if (hasEnded()) return
      const exited = once(child, 'exit')
      child.kill()
      await exited
    },
  }
}
