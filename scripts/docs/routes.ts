import { readFile } from 'node:fs/promises'
import { code, table, withGeneratedPart } from './markdown.ts'

interface OpenApi {
  paths: Readonly<Record<string, Readonly<Record<string, { summary?: string; tags?: readonly string[] }>>>>
}

/** Generates docs/api.md with the table of routes, from the last written OpenAPI document. */
export async function generateRoutes(page: string, openapiFile: string): Promise<string> {
  const { paths } = JSON.parse(await readFile(openapiFile, 'utf8')) as OpenApi
  const rows = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { summary = '' }]) => [code(`${method.toUpperCase()} ${path}`), summary]),
  )
  return withGeneratedPart(page, { name: 'routes', heading: 'Routes', text: table(['Route', 'Description'], rows) })
}
