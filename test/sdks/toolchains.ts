import { spawnSync } from 'node:child_process'
import { describe, it } from 'vitest'
import { pythonVersion } from '../support/python.ts'
import type { Language } from './generators.ts'

const succeeds = (program: string, ...args: string[]): boolean =>
  spawnSync(program, args, { stdio: 'ignore' }).status === 0

const probes = {
  python: {
    requirement: 'Python 3.10 or newer with venv (apt-get install python3 python3-venv)',
    isPresent: pythonVersion() !== null,
  },
  go: { requirement: 'Go 1.25 or newer', isPresent: versionOf('go', ['env', 'GOVERSION'], /^go1\.(\d+)/) >= 25 },
  collector: {
    requirement: 'Go 1.26 or newer',
    isPresent: versionOf('go', ['env', 'GOVERSION'], /^go1\.(\d+)/) >= 26,
  },
  java: {
    requirement: 'a JDK 17 or newer and Maven (apt-get install default-jdk-headless maven)',
    isPresent: versionOf('javac', ['-version'], /^javac (\d+)/) >= 17 && succeeds('mvn', '--version'),
  },
  rust: {
    requirement: 'Rust 1.88 or newer with Cargo',
    isPresent: versionOf('cargo', ['--version'], /^cargo 1\.(\d+)/) >= 88,
  },
}
type Tool = keyof typeof probes

/** Tools that a language needs, apart from Node. */
const toolsOf: Readonly<Record<Language, readonly Tool[]>> = {
  Python: ['python'],
  Go: ['go'],
  Java: ['java'],
  Rust: ['rust'],
  TypeScript: [],
}

/** openapi-generator runs on Java, whatever it generates. */
export const missingFor = (language: Language, generator: string): readonly string[] =>
  missing([...toolsOf[language], ...(generator === 'openapi-generator-cli' ? (['java'] as const) : [])])

export const missing = (tools: readonly Tool[]): readonly string[] =>
  [...new Set(tools)].filter((tool) => !probes[tool].isPresent).map((tool) => probes[tool].requirement)

/**
 * A concurrent test that needs toolchains. If one is missing, it is skipped, with the reason in its title; with REQUIRE_SDKS=1
 * it fails.
 */
export function itWith(missing: readonly string[], title: string, test: () => Promise<void>): void {
  const reason = `requires ${missing.join(', ')}`
  describe.concurrent('', () => {
    if (missing.length === 0) it(title, test)
    else if (process.env.REQUIRE_SDKS === '1') it(title, () => Promise.reject(new Error(`${title}: ${reason}`)))
    else {
      // The reporter does not print the titles of skipped tests.
      process.stderr.write(`skipped: ${title}: ${reason}\n`)
      it.skip(`${title} [skipped: ${reason}]`, test)
    }
  })
}

/** The number that the pattern captures in a program's version; 0 if it is not installed. */
function versionOf(program: string, args: readonly string[], pattern: RegExp): number {
  const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  return Number(pattern.exec(stdout || stderr || '')?.[1] ?? 0)
}
