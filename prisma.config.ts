import { defineConfig } from 'prisma/config'

// `prisma generate` insists on a schema engine, which the CLI would download, but does not use it: any program will do.
// The project's own migrations run through src/infra/migrate.ts, on the engine that npm delivers.
if (process.argv.includes('generate')) process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  // Only for the CLI's other commands, `prisma migrate deploy` for one.
  ...(process.env.DATABASE_URL === undefined ? {} : { datasource: { url: process.env.DATABASE_URL } }),
})
