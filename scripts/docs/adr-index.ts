import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { table } from './markdown.ts'

/** Header of a page in docs/adr: number and title, status and date. */
const heading = /^# (\d{4}): (.+)\n\nStatus: (.+) · Date: (\d{4}-\d\d-\d\d)\n\n/

const parts = ['**Context.**', '**Decision.**', '**Alternatives considered.**', '**Consequences.**']

/**
 * Generates docs/adr/README.md from its pages.
 *
 * @throws if a page lacks its heading or a part
 */
export async function generateAdrIndex(dir: string): Promise<string> {
  const files = (await readdir(dir)).filter((file) => /^\d{4}-.*\.md$/.test(file)).sort()
  const rows = await Promise.all(files.map(async (file) => rowOf(file, await readFile(join(dir, file), 'utf8'))))
  return `# Architecture decisions

<!-- Written by scripts/generate-docs.ts from the pages in this folder; run \`npm run docs:generate\`. -->

Each page records one decision: context, decision, alternatives considered, consequences. An accepted page is not rewritten when a
decision changes; a new page supersedes it.

${table(['Number', 'Decision', 'Status', 'Date'], rows)}
`
}

/** Table row of a page. */
export function rowOf(file: string, text: string): string[] {
  const [, number = '', title = '', status = '', date = ''] = heading.exec(text) ?? []
  if (number !== file.slice(0, 4))
    throw new Error(
      `docs/adr/${file} must begin with "# ${file.slice(0, 4)}: title" and "Status: … · Date: YYYY-MM-DD".`,
    )
  const missing = parts.filter((part) => !text.includes(`\n${part}`))
  if (missing.length > 0) throw new Error(`docs/adr/${file} lacks ${missing.join(', ')}.`)
  return [number, `[${title}](${file})`, status, date]
}
