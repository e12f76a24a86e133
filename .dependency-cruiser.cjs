// The dependencies between the modules of src/: which may import which. Everything that is not listed is refused.
// test/tooling/boundaries.test.ts proves that each rule fires. dependency-cruiser reads TypeScript 6 at most: with
// TypeScript 7 it finds no modules and calls that a success, which the same test would notice.

/** What a provider is: every file beside the folders, but the list of providers. */
const contract = '^src/providers/(?!registry)[^/]+\\.ts$'
const scheduling = '^src/infra/(yielding-map|fair-yield)\\.ts$'
const redis = '^src/infra/redis-(connection|keys)\\.ts$'
const infraTypes = '^src/infra/(clock|logger|request-rates)\\.ts$'
/** What a module reports: the metrics of the installation that it reads, and what is served. */
const telemetry = '^src/telemetry/(measure|metrics)\\.ts$'
const tracing = '^src/telemetry/(tracing|tracing-settings|otel-tracing)\\.ts$'
const database =
  '^src/infra/(database|database-errors|statements|audit-statement|intersection|project-lock|batcher)\\.ts$'
const vocabulary = '^src/vocabulary/'
/** What a workload and its kind are, and what the engine is handed: the files of workloads/ beside its folders. */
const workload = '^src/workloads/[^/]+\\.ts$'
const store = '^src/workloads/store/'
const apply = '^src/workloads/apply/'
const engine = '^src/workloads/engine/'
const secrets = '^src/secrets/'

/** Each module, and what it may import of src/ besides itself. */
const modules = {
  vocabulary: [],
  infra: ['^src/generated/', vocabulary],
  config: [],
  telemetry: [vocabulary, contract],
  http: [vocabulary, infraTypes, scheduling, telemetry],
  openapi: [vocabulary, '^src/http/'],
  queue: [vocabulary, infraTypes, redis, database],
  events: [vocabulary, '^src/http/', infraTypes, database],
  secrets: [vocabulary, contract, database],
  connections: [vocabulary, '^src/http/', contract, secrets, infraTypes, database],
  health: [vocabulary, '^src/http/', contract, '^src/secrets/redact-secrets\\.ts$', infraTypes, telemetry, database],
  capabilities: [vocabulary, '^src/http/', contract],
  access: [vocabulary, '^src/http/', infraTypes, database],
  webhooks: [vocabulary, '^src/events/', '^src/queue/', '^src/http/', infraTypes, telemetry, database],
  'workloads/store': [vocabulary, workload, '^src/connections/id-spaces', database],
  'workloads/apply': [vocabulary, contract, workload, store, '^src/connections/id-spaces', database],
  'workloads/engine': [vocabulary, contract, workload, store, apply, secrets, infraTypes, database],
  'workloads/sweep': [
    ...[
      vocabulary,
      contract,
      workload,
      store,
      apply,
      engine,
      secrets,
      '^src/connections/orphans',
      infraTypes,
      database,
    ],
  ],
  'workloads/schedule': [vocabulary, workload, engine, '^src/workloads/sweep/', '^src/queue/', infraTypes, database],
  'workloads/maintenance': [
    ...[vocabulary, workload, store, apply, engine, '^src/connections/id-spaces', infraTypes, telemetry, database],
  ],
  'workloads/intake': [
    vocabulary,
    contract,
    workload,
    store,
    apply,
    secrets,
    '^src/connections/',
    infraTypes,
    scheduling,
    database,
  ],
  'workloads/actions': [
    vocabulary,
    contract,
    workload,
    store,
    apply,
    secrets,
    '^src/connections/',
    infraTypes,
    database,
  ],
  records: [vocabulary, '^src/workloads/', '^src/events/', '^src/http/', contract, infraTypes, database],
  jobs: [vocabulary, '^src/records/', '^src/workloads/', '^src/http/', contract, scheduling],
  environments: [vocabulary, '^src/records/', '^src/workloads/', '^src/http/', contract],
  'record-logs': [vocabulary, infraTypes, database],
  operator: [vocabulary, '^src/records/', '^src/workloads/', '^src/http/'],
  sandbox: [],
}

const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: '^src/', pathNot: [from, ...allowed] },
})

const moduleRules = Object.entries(modules).map(([module, allowed]) =>
  only(
    `${module.replace('/', '-')}-imports-only-its-dependencies`,
    `^src/${module}/`,
    allowed,
    `The dependencies of ${module}/ are listed in .dependency-cruiser.cjs. Hand the thing in, or move it down.`,
  ),
)

/** The bottom of workloads/ depends on no folder of it. */
const workloadRule = only(
  'workload-imports-only-contract-and-vocabulary',
  workload,
  [vocabulary, contract],
  'What a workload and its kind are is the bottom of workloads/.',
)

const providerRules = [
  only(
    'contract-imports-only-vocabulary',
    contract,
    [vocabulary],
    'What a provider is must not depend on any provider, nor on the tools they share.',
  ),
  only(
    'kit-imports-only-contract-and-vocabulary',
    '^src/providers/kit/',
    [vocabulary, contract],
    'The kit serves every provider and knows none.',
  ),
  only(
    'vendors-import-only-kit-and-contract',
    '^src/providers/vendors/',
    [vocabulary, contract, '^src/providers/kit/'],
    'What the products of one vendor share knows none of them.',
  ),
  {
    name: 'provider-imports-no-other-module',
    comment:
      'A provider sees the contract, the kit, the vendors and the vocabulary; never the engine or another provider.',
    severity: 'error',
    from: { path: '^src/providers/([^/]+)/', pathNot: '^src/providers/(kit|vendors)/' },
    to: {
      path: '^src/',
      pathNot: ['^src/providers/$1/', '^src/providers/(kit|vendors)/', contract, vocabulary],
    },
  },
  only(
    'registry-imports-only-providers',
    '^src/providers/registry\\.ts$',
    ['^src/providers/[^/]+/index\\.ts$', contract],
    'The registry is a list: providers by their index, nothing of their inside.',
  ),
]

const topRules = [
  {
    name: 'app-imports-only-routes-and-http',
    comment: 'app.ts lists plugins, schemas and routes in order; what they need is handed in.',
    severity: 'error',
    from: { path: '^src/app\\.ts$' },
    to: { path: '^src/', pathNot: ['^src/http/', '^src/openapi/', '\\.(routes|schemas)\\.ts$', infraTypes, telemetry] },
  },
  only(
    'commands-import-only-app-and-container',
    '^src/commands/',
    [
      '^src/app\\.ts$',
      '^src/container/',
      '^src/config/',
      '^src/infra/',
      '^src/sandbox/',
      vocabulary,
      '^src/queue/',
      tracing,
    ],
    'A command starts and stops what the container has put together.',
  ),
  {
    name: 'no-imports-of-entry-points',
    comment: 'main, commands, container and app are entry points: they pass dependencies to other modules.',
    severity: 'error',
    from: { path: '^src/', pathNot: '^src/(main\\.ts$|commands/|container/)' },
    to: { path: '^src/(main\\.ts$|commands/|container/|app\\.ts$)' },
  },
  {
    name: 'environment-is-read-at-the-top',
    comment: 'Configuration is parsed once and handed in as values.',
    severity: 'error',
    from: { path: '^src/', pathNot: '^src/(main\\.ts$|commands/|container/container\\.ts$|config/)' },
    to: { path: '^src/config/' },
  },
]

const packageRules = [
  {
    name: 'vocabulary-uses-only-small-libraries',
    comment: 'The bottom of the tree stays free of machinery.',
    severity: 'error',
    from: { path: vocabulary },
    to: { pathNot: ['^src/', 'node_modules/(@sinclair/typebox|typeid-js|leven)/'] },
  },
  {
    name: 'prisma-stays-in-repositories',
    comment: 'Rows are turned into domain types at one place, so Prisma is seen in *.repository.ts and infra/ only.',
    severity: 'error',
    from: { path: '^src/', pathNot: ['\\.repository\\.ts$', '^src/infra/', '^src/generated/'] },
    to: { path: ['^src/generated/', 'node_modules/(@prisma|\\.prisma)/'] },
  },
  {
    name: 'fastify-stays-at-the-edge',
    comment: 'Only routes and http/ know that requests come over HTTP. The sandbox is a program of its own.',
    severity: 'error',
    from: {
      path: '^src/',
      pathNot: ['^src/(http|commands|container|sandbox)/', '\\.routes\\.ts$', '^src/app\\.ts$'],
    },
    to: {
      path: 'node_modules/(fastify|@fastify/[^/]+|fastify-plugin)/',
      pathNot: 'node_modules/@fastify/type-provider',
    },
  },
  {
    name: 'opentelemetry-stays-in-telemetry',
    comment: 'Spans are made through telemetry/tracing.ts, so that a process that traces nothing pays nothing.',
    severity: 'error',
    from: { path: '^src/', pathNot: '^src/telemetry/otel-' },
    to: { path: 'node_modules/@opentelemetry/' },
  },
  {
    name: 'opentelemetry-is-loaded-on-demand',
    comment: 'The SDK costs memory: only a process that exports traces loads it, by a dynamic import.',
    severity: 'error',
    from: { path: '^src/', pathNot: '^src/telemetry/otel-' },
    to: { path: '^src/telemetry/otel-', dependencyTypesNot: ['dynamic-import'] },
  },
  {
    name: 'bullmq-stays-in-queue',
    comment:
      'The queue is a hint; its library is known in queue/ and where its tables are migrated; Redis also counts requests, and is connected to and checked in infra/redis-*.',
    severity: 'error',
    from: {
      path: '^src/',
      pathNot: ['^src/queue/', '^src/infra/(migrate|migrations|request-rates|redis-(connection|facts|check))\\.ts$'],
    },
    to: { path: 'node_modules/(bullmq|ioredis)/' },
  },
  {
    name: 'production-uses-no-development-dependency',
    comment: 'The production image is pruned to "dependencies".',
    severity: 'error',
    from: { path: '^src/' },
    to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'every-package-is-listed',
    comment: 'Packages that are only there because others need them come and go.',
    severity: 'error',
    from: { path: '^src/', pathNot: '^src/generated/' },
    to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
  },
]

const cycleRules = [
  {
    name: 'no-cycle-between-files',
    comment: 'A cycle has no bottom to start reading at.',
    severity: 'error',
    from: { path: '^src/', pathNot: '^src/generated/' },
    to: { circular: true },
  },
  {
    name: 'no-cycle-between-folders',
    comment: 'Two modules that need each other are one module, or lack a third below them.',
    severity: 'error',
    scope: 'folder',
    from: { path: '^src', pathNot: '^src/generated' },
    to: { circular: true },
  },
  {
    name: 'every-import-resolves',
    comment: 'An import that cannot be followed is a dependency that cannot be checked.',
    severity: 'error',
    from: { path: '^src/' },
    to: { couldNotResolve: true },
  },
]

/** The clients know the service by its OpenAPI document alone, as anybody's do. */
const clientRules = [
  {
    name: 'clients-import-nothing-of-the-service',
    comment: 'A client is a package of its own. What it needs to know is in openapi/openapi.json.',
    severity: 'error',
    from: { path: '^clients/[^/]+/src/' },
    to: { path: '^(src|test|scripts|bench)/' },
  },
  {
    name: 'service-imports-no-client',
    comment: 'The image contains no client.',
    severity: 'error',
    from: { path: '^src/' },
    to: { path: '^clients/' },
  },
]

module.exports = {
  forbidden: [
    ...[...moduleRules, workloadRule, ...providerRules, ...topRules, ...packageRules, ...clientRules, ...cycleRules],
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    exclude: { path: '^clients/[^/]+/dist/' },
    doNotFollow: { path: ['node_modules', '^src/generated'] },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'require', 'default', 'types'],
      extensions: ['.ts', '.js', '.d.ts'],
    },
  },
}
