import type { Paint } from './paint.ts'
import { printable } from './printable.ts'

/** A record as the service returns it. Commands read single fields of it. */
export type Row = Readonly<Record<string, unknown>>

export interface Column {
  head: string
  /** The cell; absent values are shown as `-`. */
  cell(row: Row, paint: Paint): string | undefined
}

/** How records of one type are listed, and which field names a single one. */
export interface View {
  columns: readonly Column[]
  /** Field printed by `-o name`. */
  name: string
}

/** The text of a field, or undefined if it is absent. Objects are shown as JSON. */
export function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value === 'string') return printable(value)
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return printable(value.join(', '))
  return printable(JSON.stringify(value))
}

/** A column with the field of this name. */
export function field(head: string, name: string): Column {
  return { head, cell: (row) => textOf(row[name]) }
}
