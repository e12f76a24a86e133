import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

/** Applies a style, or returns the text unchanged if the output has no colours. */
export type Paint = (style: Style, text: string) => string

/** Colours for a terminal, unless NO_COLOR is set or they are switched off. FORCE_COLOR also colours a pipe. */
export function makePaint(stream: NodeJS.WritableStream, options: { enabled: boolean }): Paint {
  if (!options.enabled) return (_style, text) => text
  return (style, text) => styleText(style, text, { stream, validateStream: true })
}

const styleOfStatus: Readonly<Record<string, Style>> = {
  succeeded: 'green',
  running: 'cyan',
  failed: 'red',
  unknown: 'magenta',
  canceled: 'yellow',
  blocked: 'yellow',
  canceling: 'yellow',
  delivered: 'green',
  ok: 'green',
  warning: 'yellow',
  skipped: 'dim',
  deleted: 'dim',
  stopped: 'dim',
}

export function paintStatus(paint: Paint, status: string): string {
  const style = styleOfStatus[status]
  return style === undefined ? status : paint(style, status)
}
