import { execFile, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Exit } from './process.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

export interface CliRun {
  /** Standard input; empty by default. */
  input?: string
  env?: Readonly<Record<string, string>>
  /** Signal to send once the output contains a text. */
  signalAt?: { text: string; signal: NodeJS.Signals }
}

/** The CLI, built like the published one, with a home directory without profiles. */
export interface CliProgram {
  /** Path of the program. */
  path: string
  home: string
  /** Runs a command in a pipe. */
  run(args: readonly string[], options?: CliRun): Promise<Omit<Exit, 'signal' | 'tookMs'>>
  remove(): Promise<void>
}

export async function buildCli(env: Readonly<Record<string, string>> = {}): Promise<CliProgram> {
  const directory = await mkdtemp(join(tmpdir(), 'switchyard-cli-'))
  await promisify(execFile)(process.execPath, [join(root, 'clients/cli/build.ts'), join(directory, 'bin')])
  const path = join(directory, 'bin/switchyard.js')
  const home = join(directory, 'home')
  return {
    path,
    home,
    run: (args, options = {}) => runProgram(path, args, { ...options, env: { HOME: home, ...env, ...options.env } }),
    remove: () => rm(directory, { recursive: true, force: true }),
  }
}

function runProgram(path: string, args: readonly string[], { input = '', env = {}, signalAt }: CliRun) {
  const child = spawn(process.execPath, [path, ...args], { env: { PATH: process.env.PATH ?? '', ...env } })
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      const isKnown = signalAt !== undefined && texts[name].includes(signalAt.text)
      texts[name] += chunk
      if (signalAt !== undefined && !isKnown && texts[name].includes(signalAt.text)) child.kill(signalAt.signal)
    })
  // A program that exits without reading its input closes the pipe.
  child.stdin.on('error', () => undefined).end(input)
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve, reject) => {
    child.once('error', reject).once('close', (code) => resolve({ code, ...texts }))
  })
}
