import { globSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Writes the licences of the bundled packages to a file, as they require. */
export async function writeLicenses(path: string, moduleIds: readonly string[]): Promise<void> {
  const directories = new Set(moduleIds.flatMap((id) => packageDirectory(id) ?? []))
  const texts = await Promise.all([...directories].sort().map(licenseOf))
  await writeFile(path, texts.join('\n'))
}

/** The directory of the innermost package that a module belongs to. */
function packageDirectory(moduleId: string): string | undefined {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(moduleId.replaceAll('\\', '/'))?.[0]
}

async function licenseOf(directory: string): Promise<string> {
  const manifest: { name: string; version: string; license?: string } = JSON.parse(
    await readFile(join(directory, 'package.json'), 'utf8'),
  )
  const [file] = globSync('{LICEN[CS]E,licen[cs]e}*', { cwd: directory })
  const text =
    file === undefined ? `License: ${manifest.license ?? 'unknown'}\n` : await readFile(join(directory, file), 'utf8')
  return `${manifest.name} ${manifest.version}\n\n${text}`
}
