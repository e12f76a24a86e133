import { describe, expect, it } from 'vitest'
import { describeProvider } from '../../src/capabilities/describe-provider.ts'
import { problemTypes } from '../../src/http/problem-types.ts'
import { providers } from '../../src/providers/registry.ts'
import { type PatternedSchema, patternInWords } from '../../src/vocabulary/pattern-words.ts'
import { reasons } from '../../src/vocabulary/reasons.ts'
import { document } from '../support/contract.ts'
import { contractTexts, messageTexts, type PublishedText } from '../support/published-texts.ts'
import { retiredWordsIn } from '../support/retired-words.ts'

const problems = Object.entries(problemTypes).flatMap(([code, { title, meaning, remedy }]) =>
  [title, meaning, remedy].map((text) => [code, text] as const),
)
const catalog = [...problems, ...Object.entries(reasons)].map(([at, text]) => ({ at, text: `${at}: ${text}` }))

function retiredIn(texts: readonly PublishedText[]): string[] {
  return texts.flatMap(({ at, text }) =>
    retiredWordsIn(text).map((found) => `${at}: ${found} in ${JSON.stringify(text)}`),
  )
}

describe('OpenAPI document', () => {
  it('describes every tag, operation, parameter, response, header, schema and property', () => {
    const texts = contractTexts()
    expect(texts.length).toBeGreaterThan(1000)
    expect(texts.filter(({ text }) => text.trim() === '' || text === 'Default Response')).toEqual([])
  })

  it('uses no retired words', () => {
    expect(retiredIn(contractTexts())).toEqual([])
  })
})

it('the problem catalog and the reasons use no retired words', () => {
  expect(catalog.length).toBeGreaterThan(50)
  expect(retiredIn(catalog)).toEqual([])
})

it('messages use no retired words', () => {
  const texts = messageTexts()
  expect(texts.length).toBeGreaterThan(500)
  expect(retiredIn(texts)).toEqual([])
})

it('retired words are detected', () => {
  expect(retiredWordsIn('Whoever reconnects goes on where they were.')).toHaveLength(2)
  expect(retiredWordsIn('Reconnect to resume.')).toEqual([])
})

/** All schemas with a pattern in the contract. */
function patterned(given: unknown, at = '', description = ''): { at: string; schema: PatternedSchema }[] {
  if (typeof given !== 'object' || given === null) return []
  const value = /\/(anyOf\/\d+|propertyNames)$/.test(at) ? { description, ...given } : given
  const { pattern, enum: values, ...rest } = value as { pattern?: unknown; enum?: unknown; description?: string }
  const own = typeof pattern === 'string' && values === undefined ? [{ at, schema: value as PatternedSchema }] : []
  return [
    ...own,
    ...Object.entries(value).flatMap(([key, inner]) =>
      patterned(inner, `${at}/${key}`, rest.description ?? description),
    ),
  ]
}

describe('pattern', () => {
  const responseSchemas = /^\/(Attempt|Job|Environment)\//
  // Schemas of credentials have no examples.
  const isKeyDescribed = ({ description = '' }: PatternedSchema) => /such as `|as in `/.test(description)
  const isDescribed = ({ pattern = '', description = '', examples = [] }: PatternedSchema, at: string) =>
    patternInWords(pattern) !== null || (description !== '' && (examples.length > 0 || /^\/\w+Credentials\//.test(at)))

  it('is described in each request, with an example', () => {
    const all = patterned(document.components.schemas).filter(({ at }) => !responseSchemas.test(at))
    expect(all.length).toBeGreaterThan(50)
    const isKey = (at: string) => at.endsWith('/propertyNames')
    expect(all.filter(({ at, schema }) => !(isKey(at) ? isKeyDescribed(schema) : isDescribed(schema, at)))).toEqual([])
  })

  it.each(providers)('is described in each rule of $id', (provider) => {
    const { kinds, variants = [] } = describeProvider(provider)
    const fields = [kinds, ...variants.map((variant) => variant.kinds)].flatMap(({ job, environment }) => [
      ...(job?.fields ?? []),
      ...(environment?.fields ?? []),
    ])
    const undescribed = fields.filter(
      ({ pattern, note }) => pattern !== undefined && patternInWords(pattern) === null && note === undefined,
    )
    expect(undescribed).toEqual([])
  })
})
