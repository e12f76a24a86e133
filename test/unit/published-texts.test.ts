import { describe, expect, it } from 'vitest'
import { titles } from '../../src/http/problem.ts'
import { reasons } from '../../src/vocabulary/reasons.ts'
import { contractTexts, messageTexts, type PublishedText } from '../support/published-texts.ts'
import { retiredWordsIn } from '../support/retired-words.ts'

const catalog = Object.entries({ ...titles, ...reasons }).map(([at, text]) => ({ at, text: `${at}: ${text}` }))

function retiredIn(texts: readonly PublishedText[]): string[] {
  return texts.flatMap(({ at, text }) =>
    retiredWordsIn(text).map((found) => `${at}: ${found} in ${JSON.stringify(text)}`),
  )
}

describe('the OpenAPI document', () => {
  it('describes every tag, operation, parameter, response, header, schema and property', () => {
    const texts = contractTexts()
    expect(texts.length).toBeGreaterThan(1000)
    expect(texts.filter(({ text }) => text.trim() === '' || text === 'Default Response')).toEqual([])
  })

  it('uses no retired word', () => {
    expect(retiredIn(contractTexts())).toEqual([])
  })
})

it('the problem catalog and the reasons use no retired word', () => {
  expect(catalog.length).toBeGreaterThan(50)
  expect(retiredIn(catalog)).toEqual([])
})

it('no message uses a retired word', () => {
  const texts = messageTexts()
  expect(texts.length).toBeGreaterThan(500)
  expect(retiredIn(texts)).toEqual([])
})

it('finds what is missing or retired', () => {
  expect(retiredWordsIn('Whoever reconnects goes on where they were.')).toHaveLength(2)
  expect(retiredWordsIn('Reconnect to resume.')).toEqual([])
})
