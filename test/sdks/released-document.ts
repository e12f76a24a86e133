import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import semver from 'semver'
import { run } from './run-command.ts'
import { environment, goProgram } from './tools.ts'

/** File of the latest released document, which a release adds as `<version>.json`; null before the first release. */
export async function latestReleased(directory: string): Promise<string | null> {
  const files = await readdir(directory).catch(() => [])
  const versions = files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length))
  const latest = semver.rsort(versions)[0]
  return latest === undefined ? null : join(directory, `${latest}.json`)
}

/** Breaking changes that the version of the current document does not permit, one line each. */
export async function forbiddenChanges(released: string, current: string): Promise<readonly string[]> {
  const [from, to] = [await versionOf(released), await versionOf(current)]
  return permitsBreakingChanges(from, to) ? [] : breakingChanges(released, current)
}

/** Until 1.0, the minor version takes the place of the major version. */
export function permitsBreakingChanges(from: string, to: string): boolean {
  if (semver.major(to) > semver.major(from)) return true
  return semver.major(to) === 0 && semver.major(from) === 0 && semver.minor(to) > semver.minor(from)
}

async function versionOf(file: string): Promise<string> {
  return JSON.parse(await readFile(file, 'utf8')).info.version
}

interface Change {
  id: string
  /** 1: information, 2: warning, 3: error. */
  level: number
  operation: string
  path: string
  text: string
}

/** Not breaking for oasdiff, but fields of responses are stable here. */
const alsoBreaking = 'response-optional-property-removed'

/** Includes warnings: removing a request field also breaks clients, since unknown fields are rejected. */
async function breakingChanges(released: string, current: string): Promise<readonly string[]> {
  const program = join(await goProgram('oasdiff'), 'oasdiff')
  const context = { cwd: import.meta.dirname, env: environment() }
  const output = await run([program, 'changelog', released, current, '--format', 'json'], context)
  const changes: readonly Change[] = JSON.parse(output || '[]') ?? []
  const breaking = changes.filter(({ id, level }) => level > 1 || id === alsoBreaking)
  return breaking.map(({ operation, path, text }) => `${operation} ${path}: ${text}`)
}
