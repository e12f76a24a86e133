import { describe, expect, it } from 'vitest'
import { withGeneratedPart } from '../../scripts/docs/markdown.ts'
import { generateProviderMatrix } from '../../scripts/docs/provider-matrix.ts'
import { generateProviderReference } from '../../scripts/docs/provider-reference.ts'
import { propertyRows } from '../../scripts/docs/schema-words.ts'
import { describeProvider } from '../../src/capabilities/describe-provider.ts'
import type { ProviderDescription } from '../../src/capabilities/provider.schemas.ts'
import { providers } from '../../src/providers/registry.ts'

const described = providers.map((provider) => describeProvider(provider))

/** With every choice of an API. */
const everyKindOf = ({ kinds, variants = [] }: ProviderDescription) =>
  [kinds, ...variants.map((variant) => variant.kinds)].flatMap((each) => Object.values(each))

describe.each(described)('the reference of $id', (provider) => {
  const page = generateProviderReference('# Prose\n\nBy hand.\n', provider)

  it('comes after the prose, which stays', () => {
    expect(page).toMatch(/^# Prose\n\nBy hand\.\n\n## Reference\n\n<!-- generated:start -->\n/)
  })

  it('does not change when it is generated again', () => {
    expect(generateProviderReference(page, provider)).toBe(page)
  })

  it('has a row for each field, state and option', () => {
    for (const kind of everyKindOf(provider)) {
      for (const { path } of kind.fields) expect(page).toContain(`| \`${path}\` |`)
      for (const { raw, status } of kind.states) expect(page).toContain(`| \`${raw}\` | \`${status}\` |`)
      for (const name of Object.keys((kind.options?.properties ?? {}) as object)) expect(page).toContain(`\`${name}\``)
    }
  })

  it('has tables whose rows all have as many cells as their head', () => {
    const sizes = page
      .split('\n\n')
      .filter((block) => block.startsWith('|'))
      .map((block) => new Set(block.split('\n').map((line) => line.split(/(?<!\\)\|/).length)).size)
    expect(sizes.length).toBeGreaterThan(4)
    expect(new Set(sizes)).toEqual(new Set([1]))
  })
})

describe('the matrix of providers', () => {
  it('has a row for each kind of each provider, with each of its APIs, and does not change when it is generated again', () => {
    const readme = generateProviderMatrix('# Switchyard\n', described)
    const rows = readme.split('\n').filter((line) => /^\|[^|]*\| (job|environment)(, `\w+: \w+`)? \|/.test(line))
    expect(rows).toHaveLength(described.flatMap(everyKindOf).length)
    expect(readme).toContain('| job, `jobApi: container` |')
    expect(generateProviderMatrix(readme, described)).toBe(readme)
  })
})

describe('the generated part of a document', () => {
  const part = { name: 'x', heading: 'X', text: 'new' }

  it('is replaced where it stands', () => {
    const document = 'before\n<!-- x:start -->\nold\n<!-- x:end -->\nafter\n'
    expect(withGeneratedPart(document, part)).toBe('before\n<!-- x:start -->\n\nnew\n\n<!-- x:end -->\nafter\n')
  })

  it.each(['<!-- x:start -->', '<!-- x:end -->', '<!-- x:end --><!-- x:start -->'])(
    'is refused where the marks are %s',
    (document) => {
      expect(() => withGeneratedPart(document, part)).toThrow('not both')
    },
  )
})

describe('a schema in words', () => {
  it('names what is required, the values, and what lies within', () => {
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
