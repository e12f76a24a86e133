import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))

/** An empty project outside of the repository with the packed TypeScript client installed. */
export interface ClientProject {
  path: string
  remove(): Promise<void>
}

export async function makeClientProject(): Promise<ClientProject> {
  const tarballs = await mkdtemp(join(tmpdir(), 'switchyard-tarballs-'))
  const path = await mkdtemp(join(tmpdir(), 'switchyard-project-'))
  // Dependencies are packed too, so that the installation needs no registry.
  const folders = [join(root, 'clients/typescript'), ...(await dependenciesOf('clients/typescript'))]
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', tarballs, ...folders], { cwd: path })
  await writeFile(join(path, 'package.json'), '{"type":"module","private":true}')
  const packed = (await readdir(tarballs)).map((name) => join(tarballs, name))
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', ...packed], { cwd: path })
  await rm(tarballs, { recursive: true, force: true })
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

/** Folders of the direct and transitive dependencies of a package. */
async function dependenciesOf(path: string): Promise<readonly string[]> {
  const { dependencies = {} } = JSON.parse(await readFile(join(root, path, 'package.json'), 'utf8'))
  const direct = Object.keys(dependencies).map((name) => `node_modules/${name}`)
  const nested = await Promise.all(direct.map(dependenciesOf))
  return [...new Set([...direct.map((folder) => join(root, folder)), ...nested.flat()])]
}
