import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { migrationNames, migrationsDir } from '../src/infra/migrations.ts'

// npm run migration:lint [-- <file>]   reports statements that block a running service or break its previous version

/** The migrations up to this one, of version 0.2.0, are applied while the service is stopped. */
const lastUnchecked = '20261127235000_standard_names'

const root = fileURLToPath(new URL('..', import.meta.url))
const names = (await migrationNames()).filter((name) => name > lastUnchecked)
const named = process.argv.slice(2)
const files = named.length > 0 ? named : names.map((name) => join(migrationsDir, name, 'migration.sql'))

if (files.length === 0) console.log('no migrations since version 0.2.0')
else process.exitCode = spawnSync('squawk', files, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }).status ?? 1
