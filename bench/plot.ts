/** Plot of cost against size, both on logarithmic scales. */
export interface Plot {
  title: string
  x: string
  y: string
  series: readonly Series[]
}

export interface Series {
  name: string
  points: readonly { x: number; y: number }[]
}

const width = 860
const area = { left: 70, top: 40, right: 560, bottom: 400 }
const colours = [
  '#1f77b4',
  '#d62728',
  '#2ca02c',
  '#9467bd',
  '#ff7f0e',
  '#17becf',
  '#8c564b',
  '#e377c2',
  '#7f7f7f',
  '#bcbd22',
]

/** Renders the plot as SVG. Points that are not above zero are omitted. */
export function renderPlot({ title, x, y, series }: Plot): string {
  const shown = series
    .map(({ name, points }) => ({ name, points: points.filter((point) => point.x > 0 && point.y > 0) }))
    .filter(({ points }) => points.length > 0)
  const across = scaleOf(
    shown.flatMap(({ points }) => points.map((point) => point.x)),
    area.left,
    area.right,
  )
  const up = scaleOf(
    shown.flatMap(({ points }) => points.map((point) => point.y)),
    area.bottom,
    area.top,
  )
  const height = Math.max(area.bottom + 50, area.top + 20 + shown.length * 15)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(area.left, 22, title, 'font-size="15" font-weight="bold"'),
    ...across.ticks.map((tick) => {
      const at = across.at(tick)
      return line(at, area.top, at, area.bottom) + text(at, area.bottom + 18, shortened(tick), 'text-anchor="middle"')
    }),
    ...up.ticks.map((tick) => {
      const at = up.at(tick)
      return line(area.left, at, area.right, at) + text(area.left - 8, at + 4, shortened(tick), 'text-anchor="end"')
    }),
    text((area.left + area.right) / 2, area.bottom + 38, x, 'text-anchor="middle"'),
    text(0, 0, y, `text-anchor="middle" transform="translate(18 ${(area.top + area.bottom) / 2}) rotate(-90)"`),
    ...shown.map(({ name, points }, index) => {
      const colour = `${colours[index % colours.length]}`
      const style = `stroke="${colour}" stroke-width="1.6" fill="none"${index < colours.length ? '' : ' stroke-dasharray="5 3"'}`
      const places = points.map((point) => [across.at(point.x), up.at(point.y)].map(rounded).join(','))
      const dots = places
        .map((place) => `<circle cx="${place.split(',').join('" cy="')}" r="2.5" fill="${colour}"/>`)
        .join('')
      const at = area.top + 10 + index * 15
      const key = `<path d="M${area.right + 20} ${at - 4}h20" ${style}/>${text(area.right + 46, at, name)}`
      return `<polyline points="${places.join(' ')}" ${style}/>${dots}${key}`
    }),
    '</svg>',
    '',
  ].join('\n')
}

/** Logarithmic scale between whole powers of ten. */
function scaleOf(values: readonly number[], from: number, to: number) {
  const low = Math.floor(Math.log10(Math.min(...values)))
  const high = Math.max(Math.ceil(Math.log10(Math.max(...values))), low + 1)
  const ticks = Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index))
  return { ticks, at: (value: number) => from + ((Math.log10(value) - low) / (high - low)) * (to - from) }
}

function line(x1: number, y1: number, x2: number, y2: number): string {
  return `<path d="M${rounded(x1)} ${rounded(y1)}L${rounded(x2)} ${rounded(y2)}" stroke="#ddd"/>`
}

function text(x: number, y: number, content: string, more = ''): string {
  return `<text x="${rounded(x)}" y="${rounded(y)}" fill="#333" ${more}>${escaped(content)}</text>`
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10
}

/** Formats large numbers as 1k or 1M. */
function shortened(value: number): string {
  if (value >= 1e6) return `${value / 1e6}M`
  return value >= 1e3 ? `${value / 1e3}k` : String(Number(value.toPrecision(3)))
}
