import { generators } from '../../test/sdks/generators.ts'
import { code, table, withGeneratedPart } from './markdown.ts'

/** Generates docs/sdks.md with the generators that `npm run test:sdks` proves. */
export function generateSdks(page: string): string {
  const rows = generators.map(({ title, language, package: { version }, generate, compile }) => [
    language,
    title,
    version,
    code(generate.join(' ')),
    compile.map((command) => code(command.join(' '))).join(', '),
  ])
  const text = table(['Language', 'Generator', 'Version', 'Generate', 'Compile'], rows)
  return withGeneratedPart(page, { name: 'generators', heading: 'Generators', text })
}
