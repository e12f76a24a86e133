import { existsSync, globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { configSchema, renamedSettings } from '../../src/config/schema.ts'
import { retiredWordsIn } from '../support/retired-words.ts'
import { proseOf, readDocuments } from './documents.ts'
import { logMessagesIn, readCommandTexts, readLogMessages, type SourceText, sentencesIn } from './source-texts.ts'

const documents = readDocuments()
const sources = globSync('{src,test,scripts,bench}/**/*.ts', { cwd: fileURLToPath(new URL('../../', import.meta.url)) })

/** Replaced names of the API and of settings. */
const retiredNames = [
  ...['wrong_state', 'connection_missing', 'no_verdict', 'record_gone', 'missing_remotely'],
  ...['isAcceptable', 'markLength', 'markIn', 'forgetsAfterMs', 'FreshApiKey', 'FreshWebhookEndpoint'],
  ...['HELD_PROVIDERS', 'UPKEEP_INTERVAL_MS', 'DOCS=', 'METRICS='],
]
/** These documents list former names on purpose. */
const historical: ReadonlySet<string> = new Set(['CHANGELOG.md', 'docs/configuration.md'])
describe('documentation', () => {
  it.each([...documents])('contains no retired words in %s', (_path, text) => {
    const found = proseOf(text).flatMap((line, index) =>
      retiredWordsIn(line).map((word) => `line ${index + 1}: ${word}`),
    )
    expect(found).toEqual([])
  })

  it.each([...documents].filter(([path]) => !historical.has(path)))(
    'contains no retired names in %s',
    (_path, text) => {
      expect(
        retiredNames.filter((name) => new RegExp(`(?<!\\w)${name}${/\w$/.test(name) ? '\\b' : ''}`).test(text)),
      ).toEqual([])
    },
  )

  it.each([...documents])('contains only links to existing files and headings in %s', (path, text) => {
    expect(brokenLinks(path, text)).toEqual([])
  })

  it.each([...documents])('names only existing source files in %s', (_path, text) => {
    const names = [...text.matchAll(/`([\w/.-]+\.ts)`/g)].map(([, name = '']) => name)
    // The tutorial's provider is generated.
    const kept = names.filter((name) => !name.includes('acme'))
    expect(kept.filter((name) => !sources.some((file) => `/${file}`.endsWith(`/${name}`)))).toEqual([])
  })
})

describe('service texts', () => {
  it.each([
    ['log messages', readLogMessages],
    ['command line and configuration texts', readCommandTexts],
  ])('contain no retired words in %s', (_which, read) => {
    const texts = read()
    expect(texts.length).toBeGreaterThan(40)
    expect(retiredIn(texts)).toEqual([])
  })

  it('are extracted from every form of call', () => {
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

it('retired words are found in prose, but not in code, links and comments', () => {
  expect(retiredWordsIn('A worker walks the list.')).toHaveLength(1)
  expect(proseOf('It `walks`.\n```\nwalk\n```\n[a](walk.md) <!-- walk -->').flatMap(retiredWordsIn)).toEqual([])
})

it('renamed settings exist only under their new name', () => {
  for (const { old, name } of renamedSettings) {
    expect(configSchema.properties).not.toHaveProperty(old)
    expect(configSchema.properties).toHaveProperty(name)
  }
})

/** Links to missing files or headings of this repository. */
function brokenLinks(path: string, text: string): readonly string[] {
  const links = [...text.matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)/g)]
  return links.flatMap(([link, target = '', heading]) => (targetExists(path, target, heading) ? [] : [link]))
}

function targetExists(path: string, target: string, heading: string | undefined): boolean {
  const file = target === '' ? path : new URL(target, `file:///${path}`).pathname.slice(1)
  const document = documents.get(file)
  if (heading === undefined) return existsSync(new URL(`../../${file}`, import.meta.url))
  return document !== undefined && headingsOf(document).has(heading)
}

/** Heading anchors as GitHub generates them. */
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
