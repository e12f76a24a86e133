import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { applyAssignments } from '../input/assignments.ts'
import { readObject } from '../input/files.ts'
import type { JsonObject } from '../input/json.ts'
import { collect } from './list-options.ts'

export interface RequestOptions {
  file?: string
  set?: readonly string[]
}

/** Adds the options by which a command reads its request. */
export function addRequestOptions(command: Command, what: string): Command {
  return command
    .option('-f, --file <file>', `YAML or JSON file with the ${what}; - reads standard input.`)
    .option('--set <path=value>', 'Set a field, such as resources.cpus=4; repeatable.', collect)
}

/** Reads the file, if any, and applies the assignments. */
export async function readRequest({ stdin }: Cli, { file, set = [] }: RequestOptions): Promise<JsonObject> {
  const request = file === undefined ? {} : await readObject(file, stdin)
  return applyAssignments(request, set)
}
