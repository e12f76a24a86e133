import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { unfilledPlaceholders } from './providers/unfilled.ts'

// Writes the lists of providers from the folders; with --check it writes nothing, and fails if a list is outdated, a
// provider lacks a part, or a skeleton is incomplete.

const root = fileURLToPath(new URL('..', import.meta.url))
const isCheck = process.argv.includes('--check')

const shared = new Set(['vendors', 'kit'])
const ids = readdirSync(join(root, 'src/providers'), { withFileTypes: true })
  .flatMap((entry) => (entry.isDirectory() && !shared.has(entry.name) ? [entry.name] : []))
  .sort()

/** Files required of each provider, besides its folder. */
const parts = (id: string) => [
  `src/providers/${id}/index.ts`,
  `src/sandbox/${id}/index.ts`,
  `test/conformance/harnesses/${id}.ts`,
  `docs/providers/${id}.md`,
]

const correlationTag = '// Written by npm run providers:generate from the folders.'
const block = (open: string, items: readonly string[], close: string) =>
  [open, ...items.map((item) => `  ${item},`), close].join('\n')
const imports = (line: (id: string) => string, ...others: readonly [path: string, line: string][]) =>
  [...ids.map((id): [string, string] => [`./${id}`, line(id)]), ...others]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, text]) => text)
    .join('\n')

const lists = {
  'src/providers/registry.ts': `${correlationTag}
${imports((id) => `import { ${id}Provider } from './${id}/index.ts'`, ['./provider', "import type { Provider } from './provider.ts'"])}

/** Every provider that this version supports. */
${block(
  'export const providers: readonly Provider[] = [',
  ids.map((id) => `${id}Provider`),
  ']',
)}
`,
  'src/sandbox/registry.ts': `${correlationTag}
${imports((id) => `import { ${id} } from './${id}/index.ts'`)}

/** Every provider that the sandbox emulates. */
${block('export const sandboxProviders = {', ids, '} as const')}

export type SandboxProviderId = keyof typeof sandboxProviders
`,
  'test/conformance/harnesses/index.ts': `${correlationTag}
import type { ProviderHarness } from '../harness.ts'
${imports((id) => `import { harnesses as ${id} } from './${id}.ts'`)}

/** Every variant of every provider. */
${block(
  'export const harnesses: readonly ProviderHarness[] = [',
  ids.map((id) => `...${id}`),
  ']',
)}
`,
}

const faults = ids
  .flatMap(parts)
  .filter((path) => !existsSync(join(root, path)))
  .map((path) => `${path} is missing`)
if (isCheck) faults.push(...ids.flatMap((id) => unfilledPlaceholders(root, id)))

for (const [path, expected] of Object.entries(lists)) {
  if (readFileSync(join(root, path), 'utf8') === expected) continue
  if (isCheck) faults.push(`${path} is behind the folders: run npm run providers:generate`)
  else {
    writeFileSync(join(root, path), expected)
    console.log(`${path} written`)
  }
}

for (const fault of faults) console.error(fault)
if (faults.length > 0) process.exitCode = 1
else console.log(`${ids.length} providers, each with all its parts`)
