/** A Markdown table. Cells are Markdown; `|` and line ends in them are made harmless. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}

/** Text that is shown as it is. */
export function code(text: string): string {
  const fence = text.includes('`') ? '``' : '`'
  return `${fence}${text}${fence}`
}

/**
 * The document with a new text between `<!-- name:start -->` and `<!-- name:end -->`; a document without these marks
 * gets them at its end, below the heading. All else stays as it is.
 *
 * @throws where one of the marks is missing or they are the wrong way round.
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
