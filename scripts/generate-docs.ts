import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describeProvider } from '../src/capabilities/describe-provider.ts'
import { providers } from '../src/providers/registry.ts'
import { generateAdrIndex } from './docs/adr-index.ts'
import { generateCliReference } from './docs/cli-reference.ts'
import { generateConfigurationPage } from './docs/configuration.ts'
import { generateCreateRecoveryTable } from './docs/create-recovery-table.ts'
import { generateDocsIndex } from './docs/docs-index.ts'
import { generateEventTypes } from './docs/event-types.ts'
import { generateValuesSchema, generateValuesTable } from './docs/helm/generate.ts'
import { generateLifecycleTables } from './docs/lifecycle-tables.ts'
import { generateMetricsTable } from './docs/metrics-table.ts'
import { generateAlertRules } from './docs/monitoring/alerts.ts'
import { generateAlertsTable } from './docs/monitoring/alerts-table.ts'
import { generateDashboard } from './docs/monitoring/dashboard.ts'
import { generatePortableJobs } from './docs/portable-jobs.ts'
import { generatePostmanCollection } from './docs/postman-collection.ts'
import { generateErrorsPage } from './docs/problem-types.ts'
import { generateProviderMatrix } from './docs/provider-matrix.ts'
import { generateProviderReference } from './docs/provider-reference.ts'
import { generateRoutes } from './docs/routes.ts'
import { generateSdks } from './docs/sdks.ts'

// Writes all generated documents and parts of documents; with --check it writes nothing and fails if one is outdated.

/** Generated document: maps the current content of the file (empty if missing) to the new content. */
export interface GeneratedDocument {
  path: string
  generate(current: string): string | Promise<string>
}

const described = providers.map((provider) => describeProvider(provider))

const root = fileURLToPath(new URL('..', import.meta.url))

const chart = 'deploy/helm/switchyard'

const documents: readonly GeneratedDocument[] = [
  { path: 'docs/configuration.md', generate: () => generateConfigurationPage() },
  { path: 'docs/portable-jobs.md', generate: (current) => generatePortableJobs(current) },
  { path: 'docs/errors.md', generate: () => generateErrorsPage() },
  { path: 'docs/exactly-once.md', generate: (current) => generateCreateRecoveryTable(current, described) },
  { path: 'docs/job-lifecycle.md', generate: (current) => generateLifecycleTables(current) },
  { path: 'docs/webhooks.md', generate: (current) => generateEventTypes(current) },
  { path: 'docs/observability.md', generate: (current) => generateAlertsTable(generateMetricsTable(current)) },
  { path: 'docs/api.md', generate: (current) => generateRoutes(current, join(root, 'openapi/openapi.json')) },
  { path: 'docs/sdks.md', generate: (current) => generateSdks(current) },
  { path: 'docs/cli.md', generate: (current) => generateCliReference(current) },
  { path: 'docs/README.md', generate: (current) => generateDocsIndex(current, described) },
  { path: 'docs/adr/README.md', generate: () => generateAdrIndex(join(root, 'docs/adr')) },
  { path: 'README.md', generate: (current) => generateProviderMatrix(current, described) },
  {
    path: 'examples/switchyard.postman_collection.json',
    generate: () => generatePostmanCollection(join(root, 'openapi/openapi.json')),
  },
  { path: 'deploy/monitoring/switchyard.rules.yaml', generate: () => generateAlertRules() },
  { path: 'deploy/monitoring/switchyard.dashboard.json', generate: () => generateDashboard() },
  { path: `${chart}/values.schema.json`, generate: () => generateValuesSchema() },
  {
    path: `${chart}/README.md`,
    generate: async (current) => generateValuesTable(current, await readFile(join(root, chart, 'values.yaml'), 'utf8')),
  },
  ...described.map((provider) => ({
    path: `docs/providers/${provider.id}.md`,
    generate: (current: string) => generateProviderReference(current, provider),
  })),
]

const isCheck = process.argv.includes('--check')
const stale: string[] = []

for (const { path, generate } of documents) {
  const file = join(root, path)
  const current = await readFile(file, 'utf8').catch(() => '')
  const expected = await generate(current)
  if (current === expected) continue
  stale.push(path)
  if (isCheck) continue
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, expected)
}

const verb = isCheck ? 'is out of date: run npm run docs:generate' : 'written'
for (const path of stale) console.log(`${path} ${verb}`)
if (isCheck && stale.length > 0) process.exitCode = 1
