import ora, { type Ora } from 'ora'
import { formatElapsed } from '../input/durations.ts'
import { type Paint, paintStatus } from '../output/paint.ts'
import { printable } from '../output/printable.ts'

/** A status that a record has reached. */
export interface Step {
  status: string
  atMs: number
  reason?: string | undefined
}

/** Shows the statuses of one record as it reaches them. */
export interface Progress {
  step(step: Step): void
  /** Writes text of the record, such as its logs, to standard output without damaging the display. */
  write(text: string): void
  note(text: string): void
  /** Ends the display. `isFinal`: the last status does not change; its line shows the total time. */
  end(isFinal: boolean): void
}

export interface ProgressOptions {
  id: string
  /** Terminal or file that shows the statuses. */
  stream: NodeJS.WriteStream
  stdout: NodeJS.WriteStream
  paint: Paint
}

/** A live display in a terminal; otherwise one line for each status. */
export function makeProgress(options: ProgressOptions): Progress {
  return options.stream.isTTY && process.env.TERM !== 'dumb' ? makeLiveProgress(options) : makeLineProgress(options)
}

function makeLineProgress({ id, stream, stdout, paint }: ProgressOptions): Progress {
  return {
    step({ status, atMs, reason }) {
      const suffix = reason === undefined ? '' : `  ${printable(reason)}`
      stream.write(`${new Date(atMs).toISOString()}  ${id}  ${paintStatus(paint, printable(status))}${suffix}\n`)
    },
    write: (text) => void stdout.write(text),
    note: (text) => void stream.write(`${text}\n`),
    end: () => undefined,
  }
}

const symbols: Readonly<Record<string, string>> = { succeeded: '✔', failed: '✖', canceled: '■', unknown: '?' }

function makeLiveProgress({ id, stream, stdout, paint }: ProgressOptions): Progress {
  const spinner = ora({ stream, isEnabled: true, discardStdin: false, color: false, prefixText: '' })
  const lines = makeWholeLines(spinner, stdout)
  let first: Step | undefined
  let current: Step | undefined
  const textOf = ({ status, atMs, reason }: Step, untilMs: number): string => {
    const elapsed = formatElapsed(untilMs - atMs).padStart(8)
    const label = paintStatus(paint, printable(status)) + ' '.repeat(Math.max(0, 12 - status.length))
    return `${label}${paint('dim', elapsed)}${reason === undefined ? '' : `  ${printable(reason)}`}`
  }
  const refresh = (): void => {
    if (current !== undefined) spinner.text = textOf(current, Date.now())
  }
  const timer = setInterval(refresh, 200)
  const close = (symbol: string, untilMs: number): void => {
    if (current !== undefined) spinner.stopAndPersist({ symbol, text: textOf(current, untilMs) })
  }
  stream.write(`${paint('bold', id)}\n`)
  return {
    step(step) {
      close(paint('green', '✔'), step.atMs)
      first ??= step
      current = step
      refresh()
      spinner.start()
    },
    write: lines.write,
    note(text) {
      lines.around(() => void stream.write(`${text}\n`))
    },
    end(isFinal) {
      clearInterval(timer)
      lines.flush()
      if (current === undefined) return void spinner.stop()
      const { status } = current
      const symbol = isFinal ? (symbols[status] ?? '✔') : '…'
      // The last line shows the time since the first status.
      const text = isFinal
        ? textOf({ ...current, atMs: first?.atMs ?? current.atMs }, current.atMs)
        : textOf(current, Date.now())
      spinner.stopAndPersist({ symbol: paintedSymbol(symbol, status, paint), text })
    },
  }
}

function paintedSymbol(symbol: string, status: string, paint: Paint): string {
  if (status === 'succeeded') return paint('green', symbol)
  return status === 'failed' ? paint('red', symbol) : paint('yellow', symbol)
}

/** Writes complete lines only: the display would overwrite an incomplete one. */
function makeWholeLines(spinner: Ora, stdout: NodeJS.WriteStream) {
  let rest = ''
  const around = (write: () => void): void => {
    spinner.clear()
    write()
    if (spinner.isSpinning) spinner.render()
  }
  return {
    around,
    write(text: string): void {
      const whole = rest + text
      const end = whole.lastIndexOf('\n') + 1
      rest = whole.slice(end)
      if (end > 0) around(() => void stdout.write(whole.slice(0, end)))
    },
    flush(): void {
      if (rest !== '') around(() => void stdout.write(`${rest}\n`))
      rest = ''
    },
  }
}
