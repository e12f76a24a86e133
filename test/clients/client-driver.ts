import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { inject } from 'vitest'
import { pythonFor } from '../support/python.ts'

/** What came of each step of each story that a driver tells. */
export type Stories = Readonly<Record<string, Readonly<Record<string, unknown>>>>

export const python = pythonFor('the suite of official clients', inject('clientsPython'))

/** Runs a driver of this folder against an emulated provider. Its last line is what it found; clients print others. */
export async function drive(script: string, target: { url: string; account: object }): Promise<Stories> {
  const args = [join(import.meta.dirname, script), JSON.stringify(target)]
  // Nothing of this machine's own accounts and proxies gets in.
  const env = { PATH: process.env.PATH, HOME: '/nonexistent', PYTHONDONTWRITEBYTECODE: '1', NO_PROXY: '*' }
  const { stdout } = await promisify(execFile)(inject('clientsPython'), args, { env, timeout: 120_000, maxBuffer: 1e8 })
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Stories
}
