import { glob, readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'

const maxLines = 300

it(`test files have at most ${maxLines} lines`, async () => {
  const long: string[] = []
  for await (const path of glob('test/**/*.ts')) {
    const lines = (await readFile(path, 'utf8')).split('\n').length - 1
    if (lines > maxLines) long.push(`${path} has ${lines} lines: split it by topic`)
  }
  expect(long).toEqual([])
})
