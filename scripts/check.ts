import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

// npm run check: all checks of a change, cheapest first, tests last.

const steps: readonly { name: string; script: string }[] = [
  { name: 'formatting and lint', script: 'lint' },
  { name: 'lists of providers', script: 'providers:check' },
  { name: 'types', script: 'types' },
  { name: 'dependencies between modules', script: 'boundaries' },
  { name: 'unused code', script: 'unused' },
  { name: 'regular expressions with linear running time', script: 'regexps' },
  { name: 'OpenAPI matches the routes', script: 'openapi:check' },
  { name: 'OpenAPI lint', script: 'openapi:lint' },
  { name: 'generated documents', script: 'docs:check' },
  { name: 'migrations match the schema', script: 'migration:check' },
  { name: 'migrations beside a running service', script: 'migration:lint' },
  { name: 'tests', script: 'test' },
  { name: 'tests in separate processes', script: 'test:processes' },
]

const cwd = fileURLToPath(new URL('..', import.meta.url))

/** All static checks run, so that one run reports everything. Tests run while nothing failed: a failure is at the end of the output. */
const failed: string[] = []
for (const { name, script } of steps) {
  if (script.startsWith('test') && failed.length > 0) break
  console.log(`\n== ${name} (npm run ${script})`)
  const { status } = spawnSync('npm', ['run', '--silent', script], { cwd, stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) failed.push(name)
}

if (failed.length > 0) {
  console.error(`\nFailed: ${failed.join(', ')}`)
  process.exitCode = 1
}
