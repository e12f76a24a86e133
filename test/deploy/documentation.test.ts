import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { configSchema } from '../../src/config/schema.ts'
import { chart, prepare, reasonToSkip, renderWith } from './chart.ts'

const page = await readFile(join(import.meta.dirname, '../../docs/kubernetes.md'), 'utf8')
const schema: Schema = JSON.parse(await readFile(join(chart, 'values.schema.json'), 'utf8'))

interface Schema {
  properties?: Record<string, Schema>
}

/** Whether the chart has a value of this path. */
function hasValue(path: string): boolean {
  let at: Schema | undefined = schema
  for (const name of path.split('.')) at = at?.properties?.[name]
  return at !== undefined
}

const codes = [...page.replace(/^ *```[\s\S]*?^ *```$/gm, '').matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)
const examples = [...page.matchAll(/^( *)```yaml\n *# my-values\.yaml\n([\s\S]*?)^ *```$/gm)].map(
  ([, indent = '', text = '']): object => parse(text.replaceAll(new RegExp(`^${indent}`, 'gm'), '')),
)

describe('the page about Kubernetes', () => {
  it('names only values that the chart has', () => {
    const topLevel = Object.keys(schema.properties ?? {})
    const paths = codes.filter((code) => /^[a-zA-Z]+(\.\w+)+$/.test(code))
    const named = paths.filter((path) => topLevel.includes(path.split('.')[0] ?? ''))
    expect(named.length).toBeGreaterThan(20)
    expect(named.filter((path) => !hasValue(path))).toEqual([])
    expect(hasValue('api.replica')).toBe(false)
  })

  it('names only settings that the service knows', () => {
    const names = codes.filter((code) => /^[A-Z]+(_[A-Z]+)+$/.test(code))
    expect(names.length).toBeGreaterThan(10)
    expect(names.filter((name) => !(name in configSchema.properties))).toEqual([])
  })
})

describe.skipIf(reasonToSkip !== '')('each example of the page about Kubernetes', () => {
  beforeAll(prepare)

  it('is found', () => expect(examples).toHaveLength(6))

  it.each(examples)('is accepted by the chart: %j', async (values) => {
    expect((await renderWith(values)).length).toBeGreaterThan(5)
  })
})
