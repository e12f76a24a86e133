import { performance } from 'node:perf_hooks'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { schemaVisits } from '../../support/contract.ts'

/** Every pattern that a client's text is held against, and the longest text that gets that far. */
const patterns = new Map<string, string>()
for (const { schema, place } of schemaVisits()) {
  if (typeof schema.pattern === 'string') patterns.set(schema.pattern, place)
  for (const pattern of Object.keys(schema.patternProperties ?? {})) patterns.set(pattern, place)
}

/** Bodies end at a megabyte; with `allErrors` a pattern is tried however long the text is. */
const longest = 1_000_000
/** A pattern that goes back over what it has read needs minutes to ages for this; one that does not, milliseconds. */
const limitMs = 2000

describe.each([...patterns])('the pattern %s of %s', (pattern) => {
  const regexp = new RegExp(pattern, 'u')
  const takesMs = (text: string) => {
    const startedMs = performance.now()
    regexp.test(text)
    return performance.now() - startedMs
  }

  it('decides about long texts in no time, however they are made', () => {
    const piece = fc.oneof(
      fc.stringMatching(new RegExp(pattern.replaceAll(/\(\?[!=](?:[^()]|\([^()]*\))*\)/g, '')), { size: 'small' }),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }),
      fc.constantFrom('a', 'a.', '-', '_a', '0', ' ', '/', 'http://', '=', '\n', 'a-a', '%'),
    )
    const text = fc.tuple(piece, piece, piece).map(([head, body, tail]) => {
      const repeated = body === '' ? 'a' : body
      return head + repeated.repeat(Math.floor(longest / repeated.length)) + tail
    })
    fc.assert(
      fc.property(text, (hostile) => {
        expect(Math.min(takesMs(hostile), takesMs(hostile))).toBeLessThan(limitMs)
      }),
      { numRuns: 12 },
    )
  })
})

it('looks at as many patterns as there are', () => {
  expect(patterns.size).toBeGreaterThan(20)
})
