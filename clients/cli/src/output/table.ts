import Table from 'cli-table3'
import type { Paint } from './paint.ts'

/** Two spaces between columns, and no lines. */
const bare = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'],
  ].map((part) => [part, '']),
)

/** Renders rows below a head in aligned columns, without trailing spaces. Cells may contain colours. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[], paint: Paint): string {
  const table = new Table({
    head: head.map((name) => paint('bold', name)),
    chars: { ...bare, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  })
  for (const row of rows) table.push([...row])
  return withoutTrailingSpaces(table.toString())
}

/** Renders names and values in two columns. */
export function renderFields(fields: readonly (readonly [name: string, value: string])[], paint: Paint): string {
  const table = new Table({
    chars: { ...bare, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  })
  for (const [name, value] of fields) table.push([paint('dim', name), value])
  return withoutTrailingSpaces(table.toString())
}

function withoutTrailingSpaces(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}
