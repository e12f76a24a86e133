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

/**
 * Reads the file, if any, and applies the assignments. The type is that of the request which the caller sends.
 */
export async function readRequest<T extends object>(
  { stdin }: Cli,
  { file, set = [] }: RequestOptions,
): Promise<T & JsonObject> {
  const request = file === undefined ? {} : await readObject(file, stdin)
  // Not checked here: the service validates requests, also by rules of its version, and its response names the field.
  return applyAssignments(request, set) as T & JsonObject
}
