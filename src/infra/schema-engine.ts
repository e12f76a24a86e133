import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg'
import { migrationNames, migrationsDir } from './migrations.ts'
import { type MigratedDatabase, makeSchemaEngineAdapter } from './schema-engine-adapter.ts'

/** Prisma's schema engine, the part of the CLI that runs migrations. */
export type SchemaEngine = bindings.SchemaEngine

/** No filters: the schema file owns every table. */
export const noFilters: bindings.SchemaFilter = { externalTables: [], externalEnums: [] }

let engineReady: Promise<void> | undefined

/**
 * Opens the engine on a database. The Prisma CLI would download the engine binary on first use; the WebAssembly build
 * of the same engine comes with `npm ci`, so a migration needs no download.
 *
 * @param use called with the engine, which is freed afterwards
 */
export async function withSchemaEngine<T>(
  database: MigratedDatabase,
  use: (engine: SchemaEngine) => Promise<T>,
): Promise<T> {
  engineReady ??= instantiate()
  await engineReady
  const datamodels: [string, string][] = [['schema.prisma', 'datasource db {\n  provider = "postgresql"\n}\n']]
  const adapter = makeSchemaEngineAdapter(database)
  const factory = bindMigrationAwareSqlAdapterFactory(adapter.factory)
  const engine = await bindings.SchemaEngine.new({ datamodels }, () => {}, factory)
  try {
    return await use(engine)
  } finally {
    engine.free()
    await adapter.close()
  }
}

/** The migrations with their SQL, in the engine's format. */
export async function readMigrations(baseDir = migrationsDir): Promise<bindings.MigrationList> {
  const lockfile = 'migration_lock.toml'
  const directories = (await migrationNames(baseDir)).map(async (path) => ({
    path,
    migrationFile: {
      path: 'migration.sql',
      content: { tag: 'ok' as const, value: await readFile(join(baseDir, path, 'migration.sql'), 'utf8') },
    },
  }))
  return {
    baseDir,
    lockfile: { path: lockfile, content: await readFile(join(baseDir, lockfile), 'utf8') },
    shadowDbInitScript: '',
    migrationDirectories: await Promise.all(directories),
  }
}

/** The part of WebAssembly used here: its types are in the DOM library, which this project does not include. */
interface WasmRuntime {
  instantiate(code: Uint8Array, imports: object): Promise<{ instance: { exports: Record<string, unknown> } }>
}

async function instantiate(): Promise<void> {
  const { WebAssembly } = globalThis as unknown as { WebAssembly: WasmRuntime }
  const bindingsFile = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg')
  const code = await readFile(join(dirname(bindingsFile), 'schema_engine_bg.wasm'))
  const imports = { './schema_engine_bg.js': withoutLingeringTimers(bindings) }
  const { instance } = await WebAssembly.instantiate(code, imports)
  const { __wbindgen_start: start } = instance.exports
  if (typeof start !== 'function') throw new Error('@prisma/schema-engine-wasm has changed: no __wbindgen_start.')
  bindings.__wbg_set_wasm(instance.exports)
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: panicRegistry })
  start()
}

/** The engine never clears the 10 s timer of its lock, which would keep the process alive that long. */
function withoutLingeringTimers(imports: object): object {
  const entries = Object.entries(imports).map(([name, imported]) => {
    if (!name.startsWith('__wbg_setTimeout_')) return [name, imported]
    return [name, (...args: unknown[]) => imported(...args).unref()]
  })
  return Object.fromEntries(entries)
}

/** The engine looks this up under a global name; without it, a panic only reports "unreachable". */
const panicRegistry = {
  set_message: (message: string) => {
    throw new Error(`Prisma's schema engine failed: ${message}`)
  },
}
