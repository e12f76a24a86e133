import type { Writable } from 'node:stream'
import { stringify } from 'yaml'
import type { Paint } from './paint.ts'
import { paintStatus } from './paint.ts'
import { printable } from './printable.ts'
import { renderFields, renderTable } from './table.ts'
import { type Row, textOf, type View } from './views.ts'

export const formats = ['table', 'json', 'yaml', 'name'] as const

export type Format = (typeof formats)[number]

/** Where a command writes its result (standard output) and notes for people (standard error). */
export interface Output {
  readonly format: Format
  readonly paint: Paint
  list(rows: readonly Row[], view: View): void
  record(row: Row, view: View): void
  /** One record of an endless sequence: a line in every format. */
  item(row: Row, view: View): void
  /** Text that is itself the result. */
  text(text: string): void
  note(text: string): void
}

export interface OutputOptions {
  format: Format
  stdout: Writable
  stderr: Writable
  /** Colours of standard output. */
  paint: Paint
}

export function makeOutput({ format, stdout, stderr, paint }: OutputOptions): Output {
  const print = (text: string): void => {
    if (text !== '') stdout.write(`${text}\n`)
  }
  return {
    format,
    paint,
    list(rows, view) {
      if (format === 'table') print(rows.length === 0 ? '' : tableOf(rows, view, paint))
      else if (format === 'name') print(rows.map((row) => nameOf(row, view)).join('\n'))
      else print(serialize(rows, format))
      if (format === 'table' && rows.length === 0) stderr.write('None.\n')
    },
    record(row, view) {
      if (format === 'table') print(fieldsOf(row, paint))
      else if (format === 'name') print(nameOf(row, view))
      else print(serialize(row, format))
    },
    item(row, view) {
      if (format === 'json') print(JSON.stringify(row))
      else if (format === 'yaml') print(`---\n${serialize(row, format)}`)
      else if (format === 'name') print(nameOf(row, view))
      else print(view.columns.map(({ cell }) => cell(row, paint) ?? '-').join('  '))
    },
    text: print,
    note: (text) => void stderr.write(`${text}\n`),
  }
}

function serialize(value: unknown, format: 'json' | 'yaml'): string {
  return format === 'json' ? JSON.stringify(value, null, 2) : stringify(value, { lineWidth: 0 }).trimEnd()
}

function nameOf(row: Row, { name }: View): string {
  return textOf(row[name]) ?? ''
}

function tableOf(rows: readonly Row[], { columns }: View, paint: Paint): string {
  const cells = rows.map((row) => columns.map(({ cell }) => cell(row, paint) ?? '-'))
  return renderTable(
    columns.map(({ head }) => head),
    cells,
    paint,
  )
}

/** All fields of a record; nested ones as YAML. */
function fieldsOf(row: Row, paint: Paint): string {
  const present = Object.entries(row).filter(([, value]) => value !== undefined && value !== null)
  return renderFields(
    present.map(([name, value]) => [name, blockOf(name, value, paint)]),
    paint,
  )
}

function blockOf(name: string, value: unknown, paint: Paint): string {
  if (name === 'status' && typeof value === 'string') return paintStatus(paint, printable(value))
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  const isEmpty = value === '' || (typeof value === 'object' && Object.keys(value ?? {}).length === 0)
  if (isEmpty) return '-'
  const text = typeof value === 'string' ? value : stringify(value, { lineWidth: 0 })
  return text.trimEnd().split('\n').map(indentedPrintable).join('\n')
}

function indentedPrintable(line: string): string {
  const [indent = ''] = /^ */.exec(line) ?? []
  return indent + printable(line).trimStart()
}
