import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { exitCodes } from '../exit-codes.ts'
import { printable } from '../output/printable.ts'
import type { Row } from '../output/views.ts'
import { addRequestOptions, type RequestOptions } from './request-options.ts'

interface Preview {
  valid: boolean
  problems: readonly { pointer: string; detail: string }[]
}

export type PreviewOptions = RequestOptions & { askProvider?: boolean }

/** Adds the options of `preview` to a command. */
export function addPreviewOptions(command: Command, what: string): Command {
  return addRequestOptions(command, what).option('--ask-provider', 'Also ask the provider, which creates nothing.')
}

/** Prints the result of a dry run. The exit code is 1 if the request would be rejected. */
export function showPreview(cli: Cli, preview: Preview & Row): void {
  const { out, stderr, paint } = cli
  out.record(preview, { columns: [], name: 'valid' })
  if (preview.valid) return
  cli.exitCode = exitCodes.failed
  stderr.write(`${paint('red', 'The request would be rejected:')}\n`)
  for (const { pointer, detail } of preview.problems)
    stderr.write(`  ${pointer === '' ? '' : `${printable(pointer)}: `}${printable(detail)}\n`)
}
