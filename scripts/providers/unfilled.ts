import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The files of one provider, in the order in which they are written. */
const filesOf = (id: string) => [
  `src/sandbox/${id}/**/*.ts`,
  `test/sandbox/{${id},${id}.*,${id}-*}.ts`,
  `src/providers/${id}/**/*.ts`,
  `test/providers/${id}/**/*.ts`,
  `test/conformance/**/{${id},${id}.*,${id}-*}.ts`,
  `docs/providers/${id}.md`,
]

/** What is left of the skeleton of `npm run new-provider`: each line that says `fill in: …`, with its place. */
export function unfilledPlaces(root: string, id: string): string[] {
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
