import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Every file of one provider. */
const filesOf = (id: string) => [
  `src/providers/${id}/**/*.ts`,
  `src/sandbox/${id}/**/*.ts`,
  `test/providers/${id}/**/*.ts`,
  `test/sandbox/${id}*.ts`,
  `test/conformance/**/${id}*.ts`,
  `docs/providers/${id}.md`,
]

/** What is left of a skeleton: each line that says `fill in:`, with its place. */
export function unfilledPlaces(root: string, id: string): string[] {
  return globSync(filesOf(id), { cwd: root })
    .sort()
    .flatMap((file) =>
      readFileSync(join(root, file), 'utf8')
        .split('\n')
        .flatMap((line, index) => {
          const [, what] = /\bfill in: ([^'`]*[^'`.)\s>-])/.exec(line) ?? []
          return what === undefined ? [] : [`${file}:${index + 1}  ${what}`]
        }),
    )
}
