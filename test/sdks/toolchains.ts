import { spawnSync } from 'node:child_process'
import { describe, it } from 'vitest'
import type { Language } from './generators.ts'

const answers = (program: string, ...args: string[]): boolean =>
  spawnSync(program, args, { stdio: 'ignore' }).status === 0

const probes = {
  python: {
    what: 'Python 3.10 or newer with venv (apt-get install python3 python3-venv)',
    isPresent: answers('python3', '-c', 'import ensurepip, sys, venv; assert sys.version_info >= (3, 10)'),
  },
  go: { what: 'Go 1.25 or newer', isPresent: hasGo() },
  java: {
    what: 'a JDK 17 or newer and Maven (apt-get install default-jdk-headless maven)',
    isPresent: answers('javac', '-version') && answers('mvn', '--version'),
  },
}
type Tool = keyof typeof probes

/** Tools that a language needs, apart from Node. */
const toolsOf: Readonly<Record<Language, readonly Tool[]>> = {
  Python: ['python'],
  Go: ['go'],
  Java: ['java'],
  TypeScript: [],
}

/** openapi-generator runs on Java, whatever it generates. */
export const missingFor = (language: Language, generator: string): readonly string[] =>
  missing([...toolsOf[language], ...(generator === 'openapi-generator-cli' ? (['java'] as const) : [])])

export const missing = (tools: readonly Tool[]): readonly string[] =>
  [...new Set(tools)].filter((tool) => !probes[tool].isPresent).map((tool) => probes[tool].what)

/**
 * A concurrent test that needs toolchains. If one is missing, it is skipped, with the reason in its title; with REQUIRE_SDKS=1
 * it fails.
 */
export function itWith(missing: readonly string[], title: string, test: () => Promise<void>): void {
  const reason = `requires ${missing.join(', ')}`
  describe.concurrent('', () => {
    if (missing.length === 0) it(title, test)
    else if (process.env.REQUIRE_SDKS === '1') it(title, () => Promise.reject(new Error(`${title}: ${reason}`)))
    else it.skip(`${title} [skipped: ${reason}]`, test)
  })
}

function hasGo(): boolean {
  const { status, stdout } = spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' })
  const [, minor = '0'] = /^go1\.(\d+)/.exec(stdout ?? '') ?? []
  return status === 0 && Number(minor) >= 25
}
