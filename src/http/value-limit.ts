/** Maximum JSON values in a body: 250 for each job of the largest batch. */
export const maxValues = 250_000

/** Maximum fields of a JSON object: large objects are slow to parse and to traverse. Valid ones have up to a hundred. */
export const maxFields = 1000

const [quote, backslash, comma, list, object, listEnd, objectEnd] = Buffer.from('"\\,[{]}')

type Limit = 'values' | 'fields'

/**
 * The limit that a body may exceed; null = none. Counted before the body is parsed: millions of tiny values fit into a
 * body of permitted size, and parsing them would occupy the process for seconds.
 */
export function exceededLimit(body: Buffer): Limit | null {
  // A value takes at least two bytes with its separator, a field five.
  if (body.length <= Math.min(2 * maxValues, 5 * maxFields)) return null
  const exceededWith = makeCounter()
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at]
    if (byte === quote) at = endOfText(body, at)
    const exceeded = exceededWith(byte)
    if (exceeded !== null) return exceeded
  }
  return null
}

/** Counts values and fields by the characters outside of texts. The text need not be JSON. */
function makeCounter(): (byte: number | undefined) => Limit | null {
  /** Commas of each open object. Those of a list, and outside of both, do not count: any number is below the limit. */
  const commas = [Number.NEGATIVE_INFINITY]
  let values = 1

  function count(byte: number | undefined): void {
    switch (byte) {
      case comma:
        values += 1
        commas[commas.length - 1] = (commas.at(-1) ?? 0) + 1
        return
      case object:
      case list:
        values += 1
        commas.push(byte === object ? 0 : Number.NEGATIVE_INFINITY)
        return
      case objectEnd:
      case listEnd:
        if (commas.length > 1) commas.pop()
    }
  }

  return (byte) => {
    count(byte)
    if (values > maxValues) return 'values'
    return (commas.at(-1) ?? 0) >= maxFields ? 'fields' : null
  }
}

/** The position of the closing quote. */
function endOfText(body: Buffer, start: number): number {
  let at = start + 1
  while (at < body.length && body[at] !== quote) at += body[at] === backslash ? 2 : 1
  return at
}
