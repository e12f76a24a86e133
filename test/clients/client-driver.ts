import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { inject } from 'vitest'
import { pythonFor } from '../support/python.ts'

/** Results by scenario and step. */
export type ScenarioResults = Readonly<Record<string, Readonly<Record<string, unknown>>>>

export const python = pythonFor('the suite of official clients', inject('clientsPython'))

/** Runs a driver program of this folder against an emulated provider. The results are its last line of output. */
export async function runDriver(script: string, target: { url: string; account: object }): Promise<ScenarioResults> {
  const args = [join(import.meta.dirname, script), JSON.stringify(target)]
  // Without the accounts and proxies of this machine.
  const env = { PATH: process.env.PATH, HOME: '/nonexistent', PYTHONDONTWRITEBYTECODE: '1', NO_PROXY: '*' }
  const { stdout } = await promisify(execFile)(inject('clientsPython'), args, { env, timeout: 120_000, maxBuffer: 1e8 })
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as ScenarioResults
}
