import { describe, expect, it } from 'vitest'
import { regexpsOfCode, regexpsOfSchemas } from '../../scripts/regexps/collect.ts'
import { faultsOf } from '../../scripts/regexps/judge.ts'

const found = (code: string) => regexpsOfCode('src/file.ts', code)

describe('regular expression check', () => {
  it.each([
    String.raw`const words = /^(\w+\s?)*$/`,
    String.raw`text.replace(/\/+$/, '')`,
    String.raw`const url = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]+:)[^\s/@]+@/gi`,
    String.raw`const field = /"[\w-]*(?:secret|token)[\w-]*" ?: ?"/`,
    "const rule = new RegExp('^(a|a)*$', 'u')",
    "const rule = RegExp('^(a+)+$')",
    "const namePattern = '^(a+)+$'",
    "const rule = Type.String({ pattern: '^(a+)+$' })",
  ])('rejects superlinear matching time: %s', async (code) => {
    const [fault, ...others] = await faultsOf(found(code), {})
    expect(others).toEqual([])
    expect(fault).toMatch(/^src\/file.ts:1: .* takes .* time, with /)
  })

  it('rejects an expression built at run time until it is reviewed', async () => {
    const code = 'const rule = new RegExp(words.join())'
    const expression = 'new RegExp(words.join())'
    expect(await faultsOf(found(code), {})).toEqual([expect.stringContaining('is made at run time')])
    expect(await faultsOf(found(code), { [expression]: 'a few words' })).toEqual([])
  })

  it('finds patterns of values and of property names in schemas', async () => {
    const schema = {
      properties: { a: { type: 'string', pattern: '^(b+)+$' }, pattern: { type: 'string' } },
      anyOf: [{ patternProperties: { '^(c+)+$': {} } }],
    }
    const sources = regexpsOfSchemas('here', schema).map(({ source }) => source)
    expect(sources).toEqual(['^(b+)+$', '^(c+)+$'])
    expect(await faultsOf(regexpsOfSchemas('here', schema), {})).toHaveLength(2)
  })

  it('accepts linear expressions and reports an unused review', async () => {
    const code = String.raw`text.match(/^[a-z]+$/); text.match(/(?<!\/)\/+$/); const pattern = '^x{1,3}$'`
    expect(found(code)).toHaveLength(3)
    expect(await faultsOf(found(code), { '/^(a+)+$/': 'gone' })).toEqual([expect.stringContaining('remove the review')])
  })
})
