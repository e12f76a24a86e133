import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { oneAtATime } from './one-at-a-time.ts'

/** The version of the modules in kubernetes/go.mod. */
const kubernetesVersion = '1.34.2'

const source = fileURLToPath(new URL('kubernetes', import.meta.url))
/** A change of any module builds again. */
const modules = createHash('sha256')
  .update(readFileSync(join(source, 'go.mod')))
  .digest('hex')
  .slice(0, 12)
const binaries = fileURLToPath(new URL(`../../.cache/kubernetes/${kubernetesVersion}-${modules}`, import.meta.url))
const run = promisify(execFile)

/** A cold build on two cores takes about ten minutes of CPU time. Its result is kept in .cache. */
export const buildLimitMs = 45 * 60_000

const kueueModule = 'sigs.k8s.io/kueue'
const packages = {
  /** Contains apiserver, controller-manager and scheduler, selected by its first argument. */
  kube: './kube',
  kubelet: './kubelet',
  kubectl: 'k8s.io/kubernetes/cmd/kubectl',
  kueue: `${kueueModule}/cmd/kueue`,
}
type Program = keyof typeof packages

export function missingForBuild(): readonly string[] {
  const { stdout = '' } = spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' })
  const minor = Number(/^go1\.(\d+)/.exec(stdout)?.[1] ?? 0)
  return existsSync(join(binaries, 'kube')) || minor >= 25 ? [] : ['Go 1.25 or newer']
}

/** The path of a program. Unless it is in .cache, it is built with modules from the Go module proxy. */
export const buildKubernetes = (program: Program): Promise<string> =>
  oneAtATime(program, () => buildOnce(join(binaries, program), packages[program]))

async function buildOnce(path: string, package_: string): Promise<string> {
  if (existsSync(path)) return path
  mkdirSync(binaries, { recursive: true })
  const version = 'k8s.io/component-base/version'
  const [, minor = ''] = kubernetesVersion.split('.')
  const names = { gitVersion: `v${kubernetesVersion}`, gitMajor: '1', gitMinor: minor }
  const flags = Object.entries(names).map(([name, value]) => `-X ${version}.${name}=${value}`)
  await go('build', '-trimpath', '-ldflags', ['-s', '-w', ...flags].join(' '), '-o', path, package_)
  return path
}

/** The directory of Kueue's manifests, from the module of its program. */
export async function kueueManifests(): Promise<string> {
  const path = join(binaries, 'kueue-manifests')
  if (!existsSync(path)) {
    const directory = (await go('list', '-m', '-f', '{{.Dir}}', kueueModule)).trim()
    cpSync(join(directory, 'config', 'components'), path, { recursive: true })
  }
  return path
}

async function go(...args: string[]): Promise<string> {
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' }
  return (await run('go', args, { cwd: source, env, timeout: buildLimitMs })).stdout
}
