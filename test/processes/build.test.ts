import { execFile } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrationNames } from '../../src/infra/migrations.ts'
import { buildProgram } from '../support/built-program.ts'
import { document } from '../support/contract.ts'
import { createTestDatabase } from '../support/test-database.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))
let image: string

beforeAll(async () => {
  image = await buildProgram()
})

afterAll(() => rm(image, { recursive: true, force: true }))

const command = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  run(process.execPath, ['--max-semi-space-size=16', '--enable-source-maps', 'dist/main.js', ...args], {
    cwd: image,
    env: { PATH: process.env.PATH ?? '', NODE_ENV: 'production', ...env },
    maxBuffer: 64 * 1024 * 1024,
  })

describe('build', () => {
  it('matches the Dockerfile', async () => {
    const dockerfile = await readFile(join(root, 'Dockerfile'), 'utf8')
    expect(dockerfile).toContain('tsc -p tsconfig.build.json')
    expect(dockerfile).toContain('COPY --from=build /app/prisma/migrations ./prisma/migrations')
    expect(dockerfile).toContain(
      'CMD ["node", "--max-semi-space-size=16", "--enable-source-maps", "dist/main.js", "serve"]',
    )
  })

  it('prints help without warnings', async () => {
    const { stdout, stderr } = await command(['--help'])
    expect([stdout, stderr]).toEqual([expect.stringContaining('migrate'), ''])
  })

  it('prints the published OpenAPI document', async () => {
    expect(JSON.parse((await command(['openapi'])).stdout)).toEqual(document)
  })

  it('migrates an empty database to the current version', async () => {
    const database = await createTestDatabase()
    const client = new Client({ connectionString: database.url })
    await client.connect()
    await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP SCHEMA bullmq CASCADE')
    await command(['migrate'], { DATABASE_URL: database.url })
    const { rows } = await client.query<{ name: string }>(
      'SELECT migration_name AS name FROM _prisma_migrations ORDER BY 1',
    )
    expect(rows.map(({ name }) => name)).toEqual(await migrationNames())
    await client.end()
    await database.drop()
  })
})
