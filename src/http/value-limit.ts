/** Maximum JSON values in a body: 250 for each job of the largest batch. */
export const maxValues = 250_000

const [quote, backslash, comma, list, object] = Buffer.from('"\\,[{')

/**
 * Whether a body may have more values than the maximum. Counted before it is parsed: millions of tiny values fit into a
 * body of permitted size, and parsing them would occupy the process for seconds.
 */
export function hasTooManyValues(body: Buffer): boolean {
  // A value takes at least two bytes with its separator.
  if (body.length <= 2 * maxValues) return false
  let count = 1
  for (let at = 0; at < body.length && count <= maxValues; at += 1) {
    const byte = body[at]
    if (byte === quote) at = endOfText(body, at)
    else if (byte === comma || byte === list || byte === object) count += 1
  }
  return count > maxValues
}

/** The position of the closing quote. */
function endOfText(body: Buffer, start: number): number {
  let at = start + 1
  while (at < body.length && body[at] !== quote) at += body[at] === backslash ? 2 : 1
  return at
}
