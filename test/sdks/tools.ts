import { createHash } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { installOnce } from '../support/install-once.ts'
import { pythonWith } from '../support/python.ts'
import { type CommandContext, run } from './run-command.ts'
import versions from './versions.json' with { type: 'json' }

export const cache = join(import.meta.dirname, '../../.cache/sdks')

/** What a clean shell of a developer has: registries and proxies as configured on the machine. */
const inherited: Record<string, string> = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined ||
    /^(NODE_(ENV|OPTIONS|PATH)$|VITEST|npm_|MYPY|PYTHONPATH$|CLASSPATH$|GOFLAGS$|RUSTFLAGS$|CARGO_ENCODED_RUSTFLAGS$)/.test(
      name,
    )
      ? []
      : [[name, value]],
  ),
)
const environment = (more: Record<string, string> = {}): Record<string, string> => ({ ...inherited, ...more })

/** Directory of a tool set; installed once per version, shared by all tests. */
const installed = new Map<string, Promise<string>>()

export function install(
  name: string,
  content: unknown,
  fill: (where: CommandContext) => Promise<void>,
): Promise<string> {
  const inputs = JSON.stringify(content)
  const key = createHash('sha256').update(inputs).digest('hex').slice(0, 12)
  const directory = join(cache, `${name}-${key}`)
  const installation = installed.get(directory) ?? installTools(directory, inputs, fill)
  installed.set(directory, installation)
  return installation
}

async function installTools(
  directory: string,
  inputs: string,
  fill: (where: CommandContext) => Promise<void>,
): Promise<string> {
  await installOnce(directory, [inputs], async () => {
    await rm(directory, { recursive: true, force: true })
    await mkdir(directory, { recursive: true })
    await fill({ cwd: directory, env: environment() })
  })
  return directory
}

/** Directory with the program `openapi-generator-cli`. */
export function openapiGenerator(): Promise<string> {
  const version = versions.maven['openapi-generator-cli']
  return install('openapi-generator', version, async (where) => {
    const artifact = `org.openapitools:openapi-generator-cli:${version}`
    await run(['mvn', '-q', '-B', 'dependency:copy', `-Dartifact=${artifact}`, '-DoutputDirectory=.'], where)
    const java = 'exec java -XX:TieredStopAtLevel=1 -jar'
    const script = `#!/bin/sh\n${java} '${where.cwd}/openapi-generator-cli-${version}.jar' "$@"\n`
    await writeFile(join(where.cwd, 'openapi-generator-cli'), script, { mode: 0o755 })
  })
}

let pythonInstalled: Promise<string> | undefined

export async function pythonPrograms(): Promise<string> {
  pythonInstalled ??= pythonWith(join(cache, 'python'), {
    requirements: [join(import.meta.dirname, 'requirements.txt')],
  })
  return dirname(await pythonInstalled)
}

/** Directory with a `node_modules` of generators, TypeScript and libraries. */
export function nodePackages(): Promise<string> {
  return install('node', versions.npm, async (where) => {
    await writeFile(join(where.cwd, 'package.json'), JSON.stringify({ private: true, dependencies: versions.npm }))
    await run(['npm', 'install', '--no-audit', '--no-fund', '--loglevel=error'], where)
  })
}

type GoProgram = 'oapi-codegen' | 'oasdiff'
const goPackages: Readonly<Record<GoProgram, string>> = {
  'oapi-codegen': `github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@${versions.go['github.com/oapi-codegen/oapi-codegen/v2']}`,
  oasdiff: `github.com/oasdiff/oasdiff@${versions.go['github.com/oasdiff/oasdiff']}`,
}

export function goProgram(name: GoProgram): Promise<string> {
  return install(name, goPackages[name], ({ cwd, env }) =>
    run(['go', 'install', goPackages[name]], { cwd, env: { ...env, GOBIN: cwd } }).then(() => {}),
  )
}

/** Shared by all runs, so that dependencies are compiled once. */
export const rustTarget = join(cache, 'rust-target')

/** Directory with the libraries that the generated `pom.xml` of an SDK lists. */
export function javaLibraries(sdk: string): Promise<string> {
  return install('java', versions.maven, async (where) => {
    const scope = ['-DincludeScope=compile', `-DoutputDirectory=${where.cwd}`]
    await run(['mvn', '-q', '-B', 'dependency:copy-dependencies', ...scope], { ...where, cwd: sdk })
  })
}

export { environment }
