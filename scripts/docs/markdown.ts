/** Renders a Markdown table. Cells are Markdown; `|` and line breaks in them are escaped. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}

/** Renders text as inline code. */
export function code(text: string): string {
  const fence = text.includes('`') ? '``' : '`'
  return `${fence}${text}${fence}`
}

/**
 * Replaces the text between `<!-- name:start -->` and `<!-- name:end -->`; appends the heading and these markers if
 * they are absent. Everything else is unchanged.
 *
 * @throws if one of the markers is missing or they are in the wrong order
 */
export function withGeneratedPart(document: string, part: { name: string; heading: string; text: string }): string {
  const start = `<!-- ${part.name}:start -->`
  const end = `<!-- ${part.name}:end -->`
  const generated = `${start}\n\n${part.text.trim()}\n\n${end}`
  const from = document.indexOf(start)
  const to = document.indexOf(end)
  if (from === -1 && to === -1) return `${document.trimEnd()}\n\n## ${part.heading}\n\n${generated}\n`.trimStart()
  if (from === -1 || to < from) throw new Error(`A document has not both of ${start} and ${end}, in this order.`)
  return document.slice(0, from) + generated + document.slice(to + end.length)
}

function cell(text: string): string {
  const lines = text.replaceAll('|', '\\|').split('\n')
  return lines.map((line) => line.trim()).join(' ')
}
