import { chmod, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { writeLicenses } from './licenses.ts'

// Bundles the program and everything it uses into dist/, or into the given directory: the package has no dependencies
// to install. The TypeScript client is bundled from its sources.

const root = fileURLToPath(new URL('.', import.meta.url))
const dir = resolve(process.argv[2] ?? join(root, 'dist'))

await rm(dir, { recursive: true, force: true })
const bundle = await rolldown({
  cwd: root,
  input: 'src/main.ts',
  platform: 'node',
  resolve: { alias: { '@switchyard/client': join(root, '../typescript/src/index.ts') } },
})
const { output } = await bundle.write({
  ...{ dir, entryFileNames: 'switchyard.js', chunkFileNames: '[name].js', format: 'esm' },
  minify: { compress: true, mangle: false, codegen: false },
})
await bundle.close()
await chmod(join(dir, 'switchyard.js'), 0o755)
await writeLicenses(
  join(dir, 'licenses.txt'),
  output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : [])),
)
