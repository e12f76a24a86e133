import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface JsRuntime {
  name: string
  /** Undefined if it is not installed. */
  path: string | undefined
  /** Arguments before the path of a program that reads its settings from the environment and calls the service. */
  args: readonly string[]
}

/** JavaScript runtimes besides Node, from PATH or installed with npm into `.cache/runtimes`. */
export const jsRuntimes: readonly JsRuntime[] = [
  {
    name: 'Deno',
    path: pathOf('deno'),
    args: ['run', '--no-prompt', '--allow-net', '--allow-env=SWITCHYARD_URL,SWITCHYARD_API_KEY'],
  },
  { name: 'Bun', path: pathOf('bun'), args: ['run'] },
]

function pathOf(program: string): string | undefined {
  const cache = fileURLToPath(new URL('../../.cache/runtimes/node_modules/.bin', import.meta.url))
  const directories = [...(process.env.PATH ?? '').split(delimiter), cache]
  return directories.map((directory) => join(directory, program)).find(existsSync)
}
