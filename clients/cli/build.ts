import { chmod, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { writeLicenses } from './licenses.ts'

// Bundles the program and everything it uses into dist/switchyard.js: the package has no dependencies to install.

const root = fileURLToPath(new URL('.', import.meta.url))

await rm(`${root}dist`, { recursive: true, force: true })
const bundle = await rolldown({ cwd: root, input: 'src/main.ts', platform: 'node' })
const { output } = await bundle.write({
  ...{ dir: `${root}dist`, entryFileNames: 'switchyard.js', chunkFileNames: '[name].js', format: 'esm' },
  minify: { compress: true, mangle: false, codegen: false },
})
await bundle.close()
await chmod(`${root}dist/switchyard.js`, 0o755)
await writeLicenses(
  `${root}dist/licenses.txt`,
  output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : [])),
)
