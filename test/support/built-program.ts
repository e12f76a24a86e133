import { execFile } from 'node:child_process'
import { cp, mkdtemp, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))

/** Builds a directory like the Dockerfile: without src/, and only the migrations of prisma/. The caller removes it. */
export async function buildProgram(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'switchyard-build-'))
  await symlink(join(root, 'node_modules'), join(directory, 'node_modules'))
  await cp(join(root, 'package.json'), join(directory, 'package.json'))
  await cp(join(root, 'prisma/migrations'), join(directory, 'prisma/migrations'), { recursive: true })
  // Types are checked by `npm run types`.
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const options = ['-p', 'tsconfig.build.json', '--noCheck', '--outDir', join(directory, 'dist')]
  await run(process.execPath, [tsc, ...options], { cwd: root })
  return directory
}
