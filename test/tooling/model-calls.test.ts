import { glob, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Prisma model calls write the schema `public` into their statements and so ignore the connection's search path. */
const modelCall = /\bprisma\.\w+Row\b/

it('the service makes no Prisma model calls, which fix the schema name', async () => {
  expect(modelCall.test('await prisma.auditRow.create({})')).toBe(true)
  const found: string[] = []
  for await (const file of glob('src/**/*.ts', { cwd: root, exclude: ['src/generated/**'] }))
    if (modelCall.test(await readFile(root + file, 'utf8'))) found.push(file)
  expect(found).toEqual([])
})
