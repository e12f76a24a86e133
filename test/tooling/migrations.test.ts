import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const script = fileURLToPath(new URL('../../scripts/lint-migrations.ts', import.meta.url))

describe('npm run migration:lint', () => {
  let dir: string

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'switchyard-lint-'))
  })

  afterAll(() => rm(dir, { recursive: true, force: true }))

  async function lint(sql: string) {
    const file = join(dir, 'migration.sql')
    await writeFile(file, sql)
    return spawnSync(process.execPath, ['--no-warnings', script, file], { encoding: 'utf8' })
  }

  it.each([
    ['ban-drop-column', 'ALTER TABLE "workloads" DROP COLUMN "name";'],
    ['renaming-column', 'ALTER TABLE "workloads" RENAME COLUMN "name" TO "title";'],
    ['adding-required-field', 'ALTER TABLE "workloads" ADD COLUMN "size" integer NOT NULL;'],
    ['changing-column-type', 'ALTER TABLE "workloads" ALTER COLUMN "name" TYPE varchar(30);'],
    ['require-concurrent-index-creation', 'CREATE INDEX "by_name" ON "workloads"("name");'],
    ['constraint-missing-not-valid', `ALTER TABLE "workloads" ADD CONSTRAINT "named" CHECK ("name" <> '');`],
  ])('rejects %s', async (rule, sql) => {
    const { status, stdout, stderr } = await lint(sql)
    expect([status, `${stdout}${stderr}`]).toEqual([1, expect.stringContaining(rule)])
  })

  it('accepts a concurrent index build', async () => {
    const sql = 'CREATE INDEX CONCURRENTLY "by_name" ON "workloads"("name");'
    expect(await lint(sql)).toMatchObject({ status: 0 })
  })

  it('accepts backward-compatible additions', async () => {
    const sql = `ALTER TABLE "workloads" ADD COLUMN "size" integer;
CREATE TABLE "sizes" ("id" text NOT NULL, CONSTRAINT "sizes_pkey" PRIMARY KEY ("id"));
CREATE INDEX "sizes_by_id" ON "sizes"("id");`
    expect(await lint(sql)).toMatchObject({ status: 0 })
  })
})
