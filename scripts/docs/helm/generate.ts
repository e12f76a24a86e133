import type { TSchema } from '@sinclair/typebox'
import { parse } from 'yaml'
import { code, table, withGeneratedPart } from '../markdown.ts'
import { chartValues } from './values.ts'

/** Generates values.schema.json. Helm requires the given values to match it. */
export function generateValuesSchema(): string {
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Values of the chart switchyard',
    ...chartValues,
  }
  return `${JSON.stringify(schema, null, 2)}\n`
}

/** Generates the table of values in the README of the chart, with the defaults of values.yaml. */
export function generateValuesTable(page: string, valuesFile: string): string {
  const rows = rowsOf(chartValues, parse(valuesFile), '')
  return withGeneratedPart(page, {
    name: 'values',
    heading: 'Values',
    text: table(['Value', 'Default', 'Description'], rows),
  })
}

function rowsOf(schema: TSchema, defaults: unknown, above: string): string[][] {
  return Object.entries<TSchema>(schema.properties).flatMap(([name, property]) => {
    const path = above + name
    const value = (defaults as Record<string, unknown> | undefined)?.[name]
    const isDescribed = property.description !== undefined
    const own = isDescribed ? [[code(path), shown(value), property.description ?? '']] : []
    return isDescribed ? own : rowsOf(property, value, `${path}.`)
  })
}

function shown(value: unknown): string {
  if (value === undefined || value === '') return '–'
  const json = JSON.stringify(value)
  return code(json.length > 120 ? `${json.slice(0, 100)}…` : json)
}
