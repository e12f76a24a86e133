import { execFile } from 'node:child_process'

/** Includes the time to fetch packages. */
const limitMs = 500_000

export interface CommandContext {
  cwd: string
  env: Readonly<Record<string, string>>
}

/** Returns standard output. The error of a failed command contains its whole output. */
export function run(command: readonly string[], { cwd, env }: CommandContext, timeout = limitMs): Promise<string> {
  const [program = '', ...args] = command
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { cwd, env, maxBuffer: 1e8, timeout }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(new Error(`${command.join(' ')} failed (${error.code ?? error.signal})\n${stdout}\n${stderr}`))
    })
    child.stdin?.end()
  })
}
