import { glob, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Prisma names the schema `public` in the statements of its models, whatever the search path of the connection is. */
const modelCall = /\bprisma\.\w+Row\b/

it('no statement of the service names a schema: where the tables are is for the connection to say', async () => {
  expect(modelCall.test('await prisma.auditRow.create({})')).toBe(true)
  const found: string[] = []
  for await (const file of glob('src/**/*.ts', { cwd: root, exclude: ['src/generated/**'] }))
    if (modelCall.test(await readFile(root + file, 'utf8'))) found.push(file)
  expect(found).toEqual([])
})
