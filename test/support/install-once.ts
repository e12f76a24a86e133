import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Fills a directory, which later runs reuse until an input changes. `fill` removes what an earlier installation left
 * there. Not for two processes at a time.
 */
export async function installOnce(
  directory: string,
  inputs: readonly (string | Buffer)[],
  fill: () => Promise<void>,
): Promise<void> {
  const hash = createHash('sha256')
  for (const input of inputs) hash.update(input)
  const fingerprint = hash.digest('hex')
  // Written last: a directory without it is incomplete.
  const record = join(directory, 'installed')
  if ((await readFile(record, 'utf8').catch(() => '')) === fingerprint) return
  process.stderr.write(`Installing into ${directory} ...\n`)
  await fill()
  await writeFile(record, fingerprint)
}
