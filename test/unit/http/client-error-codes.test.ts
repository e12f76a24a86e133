import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { problemTypes } from '../../../src/http/problem-types.ts'

const source = new URL('../../../clients/typescript/src/errors.ts', import.meta.url)

it('the TypeScript client knows every error code', async () => {
  const codes = [...(await readFile(source, 'utf8')).matchAll(/^ {2}\| '(\w+)'$/gm)].map(([, code]) => code)
  // The one that the client itself gives to responses without a code.
  expect(codes.sort()).toEqual([...Object.keys(problemTypes), 'unexpected_response'].sort())
})
