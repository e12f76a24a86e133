import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = new URL('../../', import.meta.url)

/** All Markdown documents by path from the root. */
export function readDocuments(): ReadonlyMap<string, string> {
  const patterns = ['*.md', 'docs/**/*.md', 'deploy/**/*.md', '.github/**/*.md']
  const paths = globSync(patterns, { cwd: fileURLToPath(root) })
  return new Map(paths.sort().map((path) => [path, readFileSync(new URL(path, root), 'utf8')]))
}

/** The prose of a document by line, without code, link targets and comments. */
export function proseOf(markdown: string): readonly string[] {
  const blank = (text: string) => text.replace(/[^\n]/g, ' ')
  return markdown
    .replace(/^ *```[\s\S]*?^ *```$/gm, blank)
    .replace(/<!--[\s\S]*?-->/g, blank)
    .replace(/``[^\n]*?``|`[^`\n]*`/g, blank)
    .replace(/\]\([^)\n]*\)/g, blank)
    .split('\n')
}
