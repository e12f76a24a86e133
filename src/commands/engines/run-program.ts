import { execFile } from 'node:child_process'

/** The standard output of a program; null if it is not installed or fails. */
export function outputOf(program: string, args: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    const options = { timeout: 10_000, maxBuffer: 1_000_000 }
    execFile(program, args, options, (error, stdout) => resolve(error === null ? stdout : null))
  })
}
