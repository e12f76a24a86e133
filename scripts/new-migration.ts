import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startEmbeddedPostgres } from '../src/infra/embedded-postgres.ts'
import { migrationsDir } from '../src/infra/migrations.ts'
import { noFilters, readMigrations, withSchemaEngine } from '../src/infra/schema-engine.ts'

// npm run migration:new -- <name>   writes the difference to prisma/schema.prisma as a new migration
// npm run migration:check           writes nothing and fails if there is a difference
// Features that Prisma's schema language lacks (CHECKs, partial indexes, storage settings) are added by hand.

const schemaFile = fileURLToPath(new URL('../prisma/schema.prisma', import.meta.url))
const name = process.argv[2]

if (name === undefined || !/^(--check|[a-z0-9]+(_[a-z0-9]+)*)$/.test(name)) {
  console.error('Give the migration a name in snake_case: npm run migration:new -- add_webhook_secret')
  process.exit(1)
}

const script = await findDifference()
if (name === '--check') report(script)
else await writeMigration(name, script)

/** SQL missing from the migrations; null if none. Requires a Postgres for applying the migrations. */
async function findDifference(): Promise<string | null> {
  const dataDir = await mkdtemp(join(tmpdir(), 'switchyard-migration-'))
  const postgres = await startEmbeddedPostgres({ dataDir, persistent: false })
  try {
    const content = await readFile(schemaFile, 'utf8')
    const from = { tag: 'migrations' as const, ...(await readMigrations()) }
    const to = { tag: 'schemaDatamodel' as const, files: [{ path: schemaFile, content }] }
    const difference = { from, to, script: true, exitCode: true, filters: noFilters }
    const { exitCode, stdout } = await withSchemaEngine({ url: postgres.url, pooling: 'none' }, (engine) =>
      engine.diff(difference),
    )
    return exitCode === 0 ? null : (stdout ?? '')
  } finally {
    await postgres.stop()
  }
}

function report(difference: string | null): void {
  if (difference === null) {
    console.log('prisma/migrations matches prisma/schema.prisma')
    return
  }
  console.error('prisma/schema.prisma differs from prisma/migrations: run npm run migration:new -- <name>\n')
  console.error(difference)
  process.exitCode = 1
}

async function writeMigration(label: string, difference: string | null): Promise<void> {
  if (difference === null) {
    console.log('Nothing to do: prisma/migrations matches prisma/schema.prisma.')
    return
  }
  const timestamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14)
  const dir = join(migrationsDir, `${timestamp}_${label}`)
  await mkdir(dir, { recursive: true })
  await writeFile(join(dir, 'migration.sql'), difference)
  console.log(`prisma/migrations/${timestamp}_${label}/migration.sql written; review it before you commit it`)
}
