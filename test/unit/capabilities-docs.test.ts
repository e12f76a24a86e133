import { describe, expect, it } from 'vitest'
import { withGeneratedPart } from '../../scripts/docs/markdown.ts'
import { generateProviderMatrix } from '../../scripts/docs/provider-matrix.ts'
import { generateProviderReference } from '../../scripts/docs/provider-reference.ts'
import { propertyRows } from '../../scripts/docs/schema-words.ts'
import { describeProvider } from '../../src/capabilities/describe-provider.ts'
import type { ProviderDescription } from '../../src/capabilities/provider.schemas.ts'
import { providers } from '../../src/providers/registry.ts'

const described = providers.map((provider) => describeProvider(provider))

/** The kinds of a provider in every API variant. */
const everyKindOf = ({ kinds, variants = [] }: ProviderDescription) =>
  [kinds, ...variants.map((variant) => variant.kinds)].flatMap((each) => Object.values(each))

describe.each(described)('reference page of $id', (provider) => {
  const page = generateProviderReference('# Prose\n\nBy hand.\n', provider)

  it('follows the handwritten prose', () => {
    expect(page).toMatch(/^# Prose\n\nBy hand\.\n\n## Reference\n\n<!-- generated:start -->\n/)
  })

  it('is unchanged when generated again', () => {
    expect(generateProviderReference(page, provider)).toBe(page)
  })

  it('lists each field, state and option', () => {
    for (const kind of everyKindOf(provider)) {
      for (const { path } of kind.fields) expect(page).toContain(`| \`${path}\` |`)
      for (const { raw, status } of kind.states) expect(page).toContain(`| \`${raw}\` | \`${status}\` |`)
      for (const name of Object.keys((kind.options?.properties ?? {}) as object)) expect(page).toContain(`\`${name}\``)
    }
  })

  it('has the same number of cells in all rows of a table', () => {
    const sizes = page
      .split('\n\n')
      .filter((block) => block.startsWith('|'))
      .map((block) => new Set(block.split('\n').map((line) => line.split(/(?<!\\)\|/).length)).size)
    expect(sizes.length).toBeGreaterThan(4)
    expect(new Set(sizes)).toEqual(new Set([1]))
  })
})

describe('provider matrix', () => {
  it('has a row for each API of each kind and is unchanged when generated again', () => {
    const readme = generateProviderMatrix('# Switchyard\n', described)
    const rows = readme.split('\n').filter((line) => /^\|[^|]*\| (job|environment)(, `\w+: \w+`)? \|/.test(line))
    expect(rows).toHaveLength(described.flatMap(everyKindOf).length)
    expect(readme).toContain('| job, `jobApi: container` |')
    expect(generateProviderMatrix(readme, described)).toBe(readme)
  })
})

describe('generated part of a document', () => {
  const part = { name: 'x', heading: 'X', text: 'new' }

  it('is replaced between its markers', () => {
    const document = 'before\n<!-- x:start -->\nold\n<!-- x:end -->\nafter\n'
    expect(withGeneratedPart(document, part)).toBe('before\n<!-- x:start -->\n\nnew\n\n<!-- x:end -->\nafter\n')
  })

  it.each(['<!-- x:start -->', '<!-- x:end -->', '<!-- x:end --><!-- x:start -->'])(
    'is rejected with the markers %s',
    (document) => {
      expect(() => withGeneratedPart(document, part)).toThrow('not both')
    },
  )
})

describe('schema as table rows', () => {
  it('lists required fields, allowed values and nested fields', () => {
    const rows = propertyRows({
      type: 'object',
      required: ['a', 'd'],
      properties: {
        a: { type: 'string', minLength: 2, maxLength: 4, description: 'An a.' },
        b: { enum: ['x', 'y'], default: 'x' },
        c: {
          type: 'array',
          maxItems: 3,
          items: { type: 'object', properties: { e: { type: 'integer', minimum: 1 } } },
        },
        d: { type: 'array', items: { const: 'z' }, default: [] },
      },
    })
    expect(rows).toEqual([
      ['`a`', 'required; string; 2 to 4 characters', 'An a.'],
      ['`b`', 'one of `x`, `y`; default `x`', ''],
      ['`c`', 'array; at most 3 items', ''],
      ['`c[].e`', 'integer; at least 1', ''],
      ['`d`', 'array; each `z`; default `[]`', ''],
    ])
  })
})
