import type { Resolution } from '../workloads/actions/resolve.ts'

/** The command line that sends the same resolution. */
export function commandOf(id: string, resolution: Resolution): string {
  return `switchyard admin resolve ${id} ${optionOf(resolution)}`
}

function optionOf(resolution: Resolution): string {
  if ('status' in resolution) return `--status ${resolution.status}`
  if ('remoteId' in resolution) return `--remote-id ${quoted(resolution.remoteId)}`
  return resolution.outcome === 'retry' ? '--retry' : '--not-created'
}

/** For a POSIX shell. An id from a provider may contain any character. */
function quoted(text: string): string {
  return /^[\w./:@=+-]+$/.test(text) && !text.startsWith('-') ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
