import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const configFile = join(root, '.dependency-cruiser.cjs')
const depcruise = join(root, 'node_modules/.bin/depcruise')
const ruleNames = (createRequire(import.meta.url)(configFile) as { forbidden: { name: string }[] }).forbidden.map(
  (rule) => rule.name,
)

/** One forbidden import per rule. Targets are created; packages come from `packages`. */
const forbiddenImports: readonly { rule: string; from: string; imports: string }[] = [
  { rule: 'vocabulary-imports-only-its-dependencies', from: 'vocabulary/a.ts', imports: '../http/problem.ts' },
  { rule: 'infra-imports-only-its-dependencies', from: 'infra/a.ts', imports: '../http/problem.ts' },
  { rule: 'config-imports-only-its-dependencies', from: 'config/config.ts', imports: '../infra/clock.ts' },
  { rule: 'telemetry-imports-only-its-dependencies', from: 'telemetry/a.ts', imports: '../http/problem.ts' },
  { rule: 'http-imports-only-its-dependencies', from: 'http/a.ts', imports: '../queue/hints.ts' },
  { rule: 'openapi-imports-only-its-dependencies', from: 'openapi/a.ts', imports: '../jobs/job.schemas.ts' },
  { rule: 'queue-imports-only-its-dependencies', from: 'queue/a.ts', imports: '../connections/service.ts' },
  { rule: 'events-imports-only-its-dependencies', from: 'events/a.ts', imports: '../workloads/intake/submit.ts' },
  { rule: 'secrets-imports-only-its-dependencies', from: 'secrets/a.ts', imports: '../workloads/workload.ts' },
  { rule: 'connections-imports-only-its-dependencies', from: 'connections/a.ts', imports: '../providers/registry.ts' },
  { rule: 'health-imports-only-its-dependencies', from: 'health/a.ts', imports: '../workloads/workload.ts' },
  {
    rule: 'capabilities-imports-only-its-dependencies',
    from: 'capabilities/a.ts',
    imports: '../providers/slurm/index.ts',
  },
  { rule: 'access-imports-only-its-dependencies', from: 'access/a.ts', imports: '../providers/provider.ts' },
  { rule: 'webhooks-imports-only-its-dependencies', from: 'webhooks/a.ts', imports: '../workloads/sweep/sweep.ts' },
  ...(
    [
      ['store', '../apply/observe.ts'],
      ['apply', '../engine/execute.ts'],
      ['engine', '../sweep/scan.ts'],
      ['sweep', '../schedule/slots.ts'],
      ['schedule', '../store/list.repository.ts'],
      ['maintenance', '../intake/submit.ts'],
      ['intake', '../actions/resolve.ts'],
      ['actions', '../engine/reconcile.ts'],
    ] as const
  ).map(([module, imports]) => ({
    rule: `workloads-${module}-imports-only-its-dependencies`,
    from: `workloads/${module}/a.ts`,
    imports,
  })),
  { rule: 'workload-imports-only-contract-and-vocabulary', from: 'workloads/a.ts', imports: './store/b.ts' },
  { rule: 'records-imports-only-its-dependencies', from: 'records/a.ts', imports: '../jobs/job.kind.ts' },
  { rule: 'jobs-imports-only-its-dependencies', from: 'jobs/a.ts', imports: '../environments/environment.kind.ts' },
  { rule: 'environments-imports-only-its-dependencies', from: 'environments/a.ts', imports: '../jobs/job.kind.ts' },
  { rule: 'record-logs-imports-only-its-dependencies', from: 'record-logs/a.ts', imports: '../events/feed.ts' },
  { rule: 'operator-imports-only-its-dependencies', from: 'operator/a.ts', imports: '../jobs/job.kind.ts' },
  { rule: 'sandbox-imports-only-its-dependencies', from: 'sandbox/a.ts', imports: '../vocabulary/spec.ts' },
  { rule: 'contract-imports-only-vocabulary', from: 'providers/provider-error.ts', imports: './kit/http.ts' },
  { rule: 'kit-imports-only-contract-and-vocabulary', from: 'providers/kit/a.ts', imports: '../vendors/ncp/sign.ts' },
  { rule: 'vendors-import-only-kit-and-contract', from: 'providers/vendors/a.ts', imports: '../aitems/jobs.ts' },
  { rule: 'provider-imports-no-other-module', from: 'providers/slurm/jobs.ts', imports: '../scnet/client.ts' },
  {
    rule: 'provider-imports-no-other-module',
    from: 'providers/slurm/errors.ts',
    imports: '../../workloads/engine/execute.ts',
  },
  { rule: 'registry-imports-only-providers', from: 'providers/registry.ts', imports: './modelarts/mapping.ts' },
  { rule: 'app-imports-only-routes-and-http', from: 'app.ts', imports: './workloads/store/reads.repository.ts' },
  { rule: 'commands-import-only-app-and-container', from: 'commands/api.ts', imports: '../jobs/job.schemas.ts' },
  { rule: 'no-imports-of-entry-points', from: 'http/b.ts', imports: '../container/container.ts' },
  { rule: 'environment-is-read-at-the-top', from: 'http/c.ts', imports: '../config/config.ts' },
  { rule: 'vocabulary-uses-only-small-libraries', from: 'vocabulary/b.ts', imports: 'fastify' },
  { rule: 'vocabulary-uses-only-small-libraries', from: 'vocabulary/c.ts', imports: 'node:fs' },
  { rule: 'prisma-stays-in-repositories', from: 'access/b.ts', imports: '../generated/prisma/client.ts' },
  { rule: 'prisma-stays-in-repositories', from: 'access/c.ts', imports: '@prisma/client' },
  { rule: 'fastify-stays-at-the-edge', from: 'workloads/engine/b.ts', imports: 'fastify' },
  { rule: 'opentelemetry-stays-in-telemetry', from: 'http/d.ts', imports: '@opentelemetry/api' },
  { rule: 'opentelemetry-is-loaded-on-demand', from: 'commands/a.ts', imports: '../telemetry/otel-tracing.ts' },
  { rule: 'bullmq-stays-in-queue', from: 'webhooks/b.ts', imports: 'bullmq' },
  { rule: 'production-uses-no-development-dependency', from: 'infra/b.ts', imports: 'vitest' },
  { rule: 'every-package-is-listed', from: 'infra/c.ts', imports: 'not-listed' },
  {
    rule: 'clients-import-nothing-of-the-service',
    from: '../clients/typescript/src/a.ts',
    imports: '../../../src/http/problem.ts',
  },
  { rule: 'service-imports-no-client', from: 'http/d.ts', imports: '../../clients/typescript/src/index.ts' },
  { rule: 'no-cycle-between-files', from: 'queue/cycle-a.ts', imports: './cycle-b.ts' },
  { rule: 'no-cycle-between-files', from: 'queue/cycle-b.ts', imports: './cycle-a.ts' },
  { rule: 'no-cycle-between-folders', from: 'http/folder-a.ts', imports: '../vocabulary/reasons.ts' },
  { rule: 'every-import-resolves', from: 'queue/b.ts', imports: './missing.ts' },
]

/** Allowed imports, to show that the rules do not reject everything. */
const allowedImports: readonly { from: string; imports: string }[] = [
  { from: 'vocabulary/spec.ts', imports: '@sinclair/typebox' },
  { from: 'workloads/apply/writes.repository.ts', imports: '../../infra/database.ts' },
  { from: 'workloads/engine/execute.ts', imports: '../../providers/provider.ts' },
  { from: 'jobs/jobs.routes.ts', imports: '../workloads/intake/submit.ts' },
  { from: 'jobs/jobs.routes.ts', imports: 'fastify' },
  { from: 'providers/scnet/jobs.ts', imports: '../kit/http.ts' },
  { from: 'providers/scnet/jobs.ts', imports: './client.ts' },
  { from: 'providers/registry.ts', imports: './slurm/index.ts' },
  { from: 'container/container.ts', imports: '../jobs/jobs.routes.ts' },
  { from: 'telemetry/otel-tracing.ts', imports: '@opentelemetry/api' },
  { from: '../clients/typescript/src/b.ts', imports: './index.ts' },
]

const packages = [
  '@opentelemetry/api',
  '@sinclair/typebox',
  '@prisma/client',
  'fastify',
  'bullmq',
  'vitest',
  'not-listed',
]

interface Violation {
  from: string
  rule: { name: string }
}

async function cruise(cwd: string): Promise<{ violations: Violation[]; totalCruised: number }> {
  const args = [depcruise, 'src', 'clients', '--config', configFile, '--output-type', 'json']
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd, maxBuffer: 64 * 1024 * 1024 })
  return (JSON.parse(stdout) as { summary: { violations: Violation[]; totalCruised: number } }).summary
}

async function makeTree(dir: string): Promise<void> {
  const files = new Map<string, string>()
  const add = (path: string, line: string) => files.set(path, `${files.get(path) ?? ''}${line}\n`)
  for (const { from, imports } of [...forbiddenImports, ...allowedImports]) {
    const path = join('src', from)
    add(path, `import '${imports}'`)
    const target = join(dirname(path), imports)
    if (imports.startsWith('.') && !imports.includes('missing')) add(target, '')
  }
  for (const name of packages) {
    add(`node_modules/${name}/index.js`, 'export {}')
    add(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' }))
  }
  const listed = packages.filter((name) => name !== 'vitest' && name !== 'not-listed')
  const dependencies = Object.fromEntries(listed.map((name) => [name, '1.0.0']))
  add('package.json', JSON.stringify({ name: 'forbidden-imports', dependencies, devDependencies: { vitest: '1.0.0' } }))
  add('tsconfig.json', JSON.stringify({ compilerOptions: { module: 'NodeNext', allowImportingTsExtensions: true } }))
  for (const [path, text] of files) {
    await mkdir(join(dir, dirname(path)), { recursive: true })
    await writeFile(join(dir, path), text)
  }
}

describe('module boundary rules', () => {
  let dir: string
  let violations: Violation[]

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'switchyard-boundaries-'))
    await makeTree(dir)
    violations = (await cruise(dir)).violations
  })

  afterAll(() => rm(dir, { recursive: true, force: true }))

  it('are each covered by a forbidden import', () => {
    expect([...new Set(forbiddenImports.map(({ rule }) => rule))].sort()).toEqual([...ruleNames].sort())
  })

  it.each(forbiddenImports)('report $rule when $from imports $imports', ({ rule, from }) => {
    const offenders = violations.filter((violation) => violation.rule.name === rule).map((violation) => violation.from)
    // A cycle is reported at one of its members, and a cycle of folders without its files.
    if (rule.startsWith('no-cycle')) expect(offenders).not.toEqual([])
    else expect(offenders).toContain(join('src', from))
  })

  it.each(allowedImports)('allow $from to import $imports', ({ from }) => {
    const others = forbiddenImports.filter((forbidden) => forbidden.from === from).map(({ rule }) => rule)
    const fired = violations.filter((violation) => violation.from === join('src', from)).map(({ rule }) => rule.name)
    expect(fired.filter((rule) => !others.includes(rule))).toEqual([])
  })
})

describe('dependency-cruiser', () => {
  it('reads the modules of the repository', async () => {
    const { totalCruised } = await cruise(root)
    expect(totalCruised).toBeGreaterThan(50)
  })
})
