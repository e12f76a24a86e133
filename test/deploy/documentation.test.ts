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

/** Whether the chart has a value at this path. */
function hasValue(path: string): boolean {
  let current: Schema | undefined = schema
  for (const name of path.split('.')) current = current?.properties?.[name]
  return current !== undefined
}

const codes = [...page.replace(/^ *```[\s\S]*?^ *```$/gm, '').matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)
const examples = [...page.matchAll(/^( *)```yaml\n *# my-values\.yaml\n([\s\S]*?)^ *```$/gm)].map(
  ([, indent = '', text = '']): object => parse(text.replaceAll(new RegExp(`^${indent}`, 'gm'), '')),
)

describe('docs/kubernetes.md', () => {
  it('references only existing chart values', () => {
    const topLevel = Object.keys(schema.properties ?? {})
    const paths = codes.filter((code) => /^[a-zA-Z]+(\.\w+)+$/.test(code))
    const named = paths.filter((path) => topLevel.includes(path.split('.')[0] ?? ''))
    expect(named.length).toBeGreaterThan(20)
    expect(named.filter((path) => !hasValue(path))).toEqual([])
    expect(hasValue('api.replica')).toBe(false)
  })

  it('references only existing settings', () => {
    const names = codes.filter((code) => /^[A-Z]+(_[A-Z]+)+$/.test(code))
    expect(names.length).toBeGreaterThan(10)
    expect(names.filter((name) => !(name in configSchema.properties))).toEqual([])
  })
})

describe.skipIf(reasonToSkip !== '')('examples in docs/kubernetes.md', () => {
  beforeAll(prepare)

  it('are all found', () => expect(examples).toHaveLength(6))

  it.each(examples)('render with the chart: %j', async (values) => {
    expect((await renderWith(values)).length).toBeGreaterThan(5)
  })
})
