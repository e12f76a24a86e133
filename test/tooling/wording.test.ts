import { existsSync, globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { configSchema, renamedSettings } from '../../src/config/schema.ts'
import { retiredWordsIn } from '../support/retired-words.ts'
import { proseOf, readDocuments } from './documents.ts'
import { logMessagesIn, readCommandTexts, readLogMessages, type SourceText, sentencesIn } from './source-texts.ts'

const documents = readDocuments()
const sources = globSync('{src,test,scripts,bench}/**/*.ts', { cwd: fileURLToPath(new URL('../../', import.meta.url)) })

/** Names of the API and of settings that have been replaced. */
const retiredNames = [
  ...['wrong_state', 'connection_missing', 'no_verdict', 'record_gone', 'missing_remotely'],
  ...['isAcceptable', 'markLength', 'markIn', 'forgetsAfterMs', 'FreshApiKey', 'FreshWebhookEndpoint'],
  ...['HELD_PROVIDERS', 'UPKEEP_INTERVAL_MS', 'DOCS=', 'METRICS='],
]
/** They list former names on purpose. */
const historical: ReadonlySet<string> = new Set(['CHANGELOG.md', 'docs/configuration.md'])
describe('the documents', () => {
  it.each([...documents])('%s uses no retired word', (_path, text) => {
    const found = proseOf(text).flatMap((line, index) =>
      retiredWordsIn(line).map((word) => `line ${index + 1}: ${word}`),
    )
    expect(found).toEqual([])
  })

  it.each([...documents].filter(([path]) => !historical.has(path)))('%s uses no retired name', (_path, text) => {
    expect(
      retiredNames.filter((name) => new RegExp(`(?<!\\w)${name}${/\w$/.test(name) ? '\\b' : ''}`).test(text)),
    ).toEqual([])
  })

  it.each([...documents])('%s links only to files and headings that exist', (path, text) => {
    expect(brokenLinks(path, text)).toEqual([])
  })

  it.each([...documents])('%s names only source files that exist', (_path, text) => {
    const names = [...text.matchAll(/`([\w/.-]+\.ts)`/g)].map(([, name = '']) => name)
    // The tutorial's provider is generated.
    const kept = names.filter((name) => !name.includes('acme'))
    expect(kept.filter((name) => !sources.some((file) => `/${file}`.endsWith(`/${name}`)))).toEqual([])
  })
})

describe('messages', () => {
  it.each([
    ['of the log', readLogMessages],
    ['of the command line and the configuration', readCommandTexts],
  ])('%s use no retired word', (_which, read) => {
    const texts = read()
    expect(texts.length).toBeGreaterThan(40)
    expect(retiredIn(texts)).toEqual([])
  })

  it('are found in every form', () => {
    const source = `
      deps.log.warn({ id }, 'one')
      logger?.info(isNew ? 'two' : \`three \${id}\`)
      console.log('no logger', \`of \${x} which two\`)`
    expect(logMessagesIn('x.ts', source).map(({ text }) => text)).toEqual(['one', 'two', 'three …'])
    expect(sentencesIn('x.ts', source).map(({ text }) => text)).toEqual(['no logger', ' which two'])
  })
})

function retiredIn(texts: readonly SourceText[]): readonly string[] {
  return texts.flatMap(({ at, text }) => retiredWordsIn(text).map((word) => `${at}: ${word}`))
}

it('a text is held against the list in every form', () => {
  expect(retiredWordsIn('A worker walks the list.')).toHaveLength(1)
  expect(proseOf('It `walks`.\n```\nwalk\n```\n[a](walk.md) <!-- walk -->').flatMap(retiredWordsIn)).toEqual([])
})

it('settings under a former name are no longer settings', () => {
  for (const { old, name } of renamedSettings) {
    expect(configSchema.properties).not.toHaveProperty(old)
    expect(configSchema.properties).toHaveProperty(name)
  }
})

/** Links to files of this repository, and to headings in documents. */
function brokenLinks(path: string, text: string): readonly string[] {
  const links = [...text.matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)/g)]
  return links.flatMap(([link, target = '', heading]) => (leadsSomewhere(path, target, heading) ? [] : [link]))
}

function leadsSomewhere(path: string, target: string, heading: string | undefined): boolean {
  const file = target === '' ? path : new URL(target, `file:///${path}`).pathname.slice(1)
  const document = documents.get(file)
  if (heading === undefined) return existsSync(new URL(`../../${file}`, import.meta.url))
  return document !== undefined && headingsOf(document).has(heading)
}

/** As GitHub names them in addresses. */
function headingsOf(markdown: string): ReadonlySet<string> {
  const titles = [...markdown.matchAll(/^#{1,6} (.+)$/gm)].map(([, title = '']) => title)
  return new Set(
    titles.map((title) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}
