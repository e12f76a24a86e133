import { glob, readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'

const mostLines = 300

it(`no file of the tests is longer than ${mostLines} lines`, async () => {
  const long: string[] = []
  for await (const path of glob('test/**/*.ts')) {
    const lines = (await readFile(path, 'utf8')).split('\n').length - 1
    if (lines > mostLines) long.push(`${path} has ${lines} lines: split it by topic`)
  }
  expect(long).toEqual([])
})
