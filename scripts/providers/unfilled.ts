import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Files of a provider, in the order in which they are written. */
const filesOf = (id: string) => [
  `src/sandbox/${id}/**/*.ts`,
  `test/sandbox/{${id},${id}.*,${id}-*}.ts`,
  `src/providers/${id}/**/*.ts`,
  `test/providers/${id}/**/*.ts`,
  `test/conformance/**/{${id},${id}.*,${id}-*}.ts`,
  `docs/providers/${id}.md`,
]

/** Lines of the skeleton (`npm run new-provider`) that still contain `fill in: …`, with their location. */
export function unfilledPlaceholders(root: string, id: string): string[] {
  return filesOf(id)
    .flatMap((files) => globSync(files, { cwd: root }).sort())
    .flatMap((file) =>
      readFileSync(join(root, file), 'utf8')
        .split('\n')
        .flatMap((line, index) => {
          const [, what] = line.split('fill in: ')
          return what === undefined ? [] : [`${file}:${index + 1}  ${what.replace(/('\)| -->)$/, '')}`]
        }),
    )
}
