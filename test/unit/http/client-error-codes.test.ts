import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { problemTypes } from '../../../src/http/problem-types.ts'

const source = new URL('../../../clients/typescript/src/errors.ts', import.meta.url)

it('the TypeScript client declares every error code', async () => {
  const codes = [...(await readFile(source, 'utf8')).matchAll(/^ {2}\| '(\w+)'$/gm)].map(([, code]) => code)
  // The client's own code for responses without one.
  expect(codes.sort()).toEqual([...Object.keys(problemTypes), 'unexpected_response'].sort())
})
