import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { unfilledPlaceholders } from './providers/unfilled.ts'

// npm run new-provider -- <name> writes the skeleton of a provider: driver, sandbox, tests and page. It type-checks;
// the conformance suite lists what to fill in. See docs/adding-a-provider.md.

const root = fileURLToPath(new URL('..', import.meta.url))
const templates = join(root, 'scripts/new-provider')
const name = process.argv[2] ?? ''

if (!/^[a-z][a-z0-9]{1,30}$/.test(name)) {
  console.error('Give the provider its name, one word of lower case letters and digits: npm run new-provider -- acme')
  process.exit(1)
}

const words: Readonly<Record<string, string>> = {
  __name__: name,
  __Name__: name.charAt(0).toUpperCase() + name.slice(1),
  // Ports are consecutive, so the next one follows the last.
  __port__: String(1 + globSync('src/sandbox/*/client.ts', { cwd: root }).length),
}
const filled = (text: string) => text.replaceAll(/__(?:name|Name|port)__/g, (word) => words[word] ?? word)

const files = globSync('**/*.template', { cwd: templates }).map((template) => ({
  path: filled(template.replace(/\.template$/, '')),
  text: filled(readFileSync(join(templates, template), 'utf8')),
}))

const taken = [...files.map(({ path }) => path), `src/providers/${name}`].filter((path) => existsSync(join(root, path)))
if (taken.length > 0) {
  console.error(
    `Nothing was written, for there is a provider of this name already, or part of one: ${taken.join(', ')}`,
  )
  process.exit(1)
}

for (const { path, text } of files) {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
  console.log(`${path} written`)
}
const code = files.flatMap(({ path }) => (path.endsWith('.ts') ? [path] : []))
const inherit = { cwd: root, stdio: 'inherit' } as const
// The name may change the order of imports and line breaks.
execFileSync('biome', ['check', '--write', '--log-level=error', ...code], inherit)
execFileSync(process.execPath, ['scripts/generate-providers.ts'], inherit)
console.log(`\nTo be filled in, as \`npm test -- test/conformance/${name}.test.ts\` says:`)
for (const place of unfilledPlaceholders(root, name)) console.log(`  ${place}`)
