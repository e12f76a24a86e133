import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A process of the run that can be suspended and killed. It always ends with this process. */
export interface Child<Ready> {
  readonly ready: Ready
  send(message: object): void
  suspend(): void
  resume(): void
  kill(): Promise<void>
}

/** An api process compiles all schemas at startup, which is slow on a busy machine. */
const startLimitMs = 180_000
/** Halves the startup time of all processes of a run but the first. */
const compileCache = join(tmpdir(), 'switchyard-chaos-compiled')

const alive = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL')
})

/** Resolves when the process reports over IPC that it is ready. */
export async function startChild<Ready>(program: string, variable: string, options: object): Promise<Child<Ready>> {
  const child = spawn(process.execPath, ['--no-warnings', fileURLToPath(new URL(program, import.meta.url))], {
    env: { PATH: process.env.PATH ?? '', NODE_COMPILE_CACHE: compileCache, [variable]: JSON.stringify(options) },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  alive.add(child)
  const kill = async () => {
    alive.delete(child)
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
  try {
    const ready = (await untilReady(child)) as Ready
    return {
      ready,
      send: (message) => void child.send(message),
      suspend: () => void child.kill('SIGSTOP'),
      resume: () => void child.kill('SIGCONT'),
      kill,
    }
  } catch (error) {
    await kill()
    throw error
  }
}

function untilReady(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let output = ''
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      output = (output + chunk).slice(-4000)
    })
    const timer = setTimeout(
      () => reject(new Error(`a process did not start in ${startLimitMs} ms: ${output}`)),
      startLimitMs,
    )
    child.once('message', (message) => {
      clearTimeout(timer)
      resolve(message)
    })
    child.once('exit', (code) => {
      clearTimeout(timer)
      reject(new Error(`a process ended with code ${code} while starting: ${output}`))
    })
  })
}
