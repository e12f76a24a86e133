import { describe, expect, it } from 'vitest'
import { renderPlot } from '../../../bench/plot.ts'
import { seriesOf } from '../../../bench/plots.ts'

const plotOf = (...series: Parameters<typeof renderPlot>[0]['series'][number][]) =>
  renderPlot({ title: 'a < b', x: 'jobs', y: 'ms', series })

describe('renderPlot', () => {
  it('uses logarithmic scales between powers of ten', () => {
    const svg = plotOf({
      name: 'list',
      points: [
        { x: 10_000, y: 2 },
        { x: 100_000, y: 20 },
        { x: 1_000_000, y: 20 },
      ],
    })
    const [, coordinates = ''] = /<polyline points="([^"]+)"/.exec(svg) ?? []
    const [first, second, third] = coordinates.split(' ').map((point) => point.split(',').map(Number))
    expect([first?.[0], second?.[0], third?.[0]]).toEqual([70, 315, 560])
    expect(second?.[1]).toBe(third?.[1])
    expect(svg).toContain('>10k</text>')
    expect(svg).toContain('>1M</text>')
  })

  it('omits values that a logarithmic scale cannot show', () => {
    const svg = plotOf({ name: 'zero', points: [{ x: 10, y: 0 }] }, { name: 'one', points: [{ x: 10, y: 1 }] })
    expect(svg).not.toContain('zero')
    expect(svg).not.toMatch(/NaN|Infinity/)
  })

  it('escapes markup in the title', () => {
    expect(plotOf({ name: 'a & b', points: [{ x: 1, y: 1 }] })).toContain('>a &lt; b</text>')
  })
})

it('a series contains the figures of one subject, smallest size first', () => {
  const medians = { list: { 'p99 ms at 1000': 3, 'p99 ms at 10': 1, 'p50 ms at 10': 9, rate: 5 } }
  const points = [
    { x: 10, y: 1 },
    { x: 1000, y: 3 },
  ]
  expect(seriesOf(medians, 'p99 ms')).toEqual([{ name: 'list', points }])
})
