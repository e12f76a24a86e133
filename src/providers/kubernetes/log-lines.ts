/** A line of a log. */
export interface LogLine {
  /** The time of its first part, in UTC with nine digits, so that times compare as text; empty if it has none. */
  at: string
  text: string
}

/** The lines of a log that was read with timestamps. `open`: the last line, if its end is missing. */
export function linesIn(log: string): { lines: readonly LogLine[]; open: LogLine | null } {
  const texts = log.split('\n')
  const rest = lineOf(texts.pop() ?? '')
  return { lines: texts.map(lineOf), open: rest.text === '' ? null : rest }
}

/** The kubelet writes times with nine digits, in the time zone of the node. */
const timestamp = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{9})(Z|[+-]\d\d:\d\d) /

/**
 * The runtime stores a long line in parts. If the first one is before the time that was asked for, the rest has no time
 * and may begin with anything.
 */
function lineOf(line: string): LogLine {
  const [prefix = '', second, fraction, zone] = timestamp.exec(line) ?? []
  const ms = Date.parse(`${second}${zone}`)
  if (Number.isNaN(ms)) return { at: '', text: line }
  const inUtc = zone === 'Z' ? second : new Date(ms).toISOString().slice(0, 19)
  return { at: `${inUtc}${fraction}Z`, text: line.slice(prefix.length) }
}
