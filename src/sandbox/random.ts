/** Reproducible randomness: the same seed gives the same ids in the same order. */
export interface Random {
  /** In [0, 1). */
  next(): number
  /** An integer in [0, limit). */
  below(limit: number): number
  /** Random characters of an alphabet. */
  text(alphabet: string, length: number): string
  /** A number of this many bits. */
  bits(count: number): bigint
}

/** Creates a generator (mulberry32) from a seed. */
export function makeRandom(seed: string): Random {
  let state = hash(seed)
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    next,
    below,
    text: (alphabet, length) => Array.from({ length }, () => alphabet.charAt(below(alphabet.length))).join(''),
    bits: (count) => {
      let value = 0n
      for (let done = 0; done < count; done += 16) value = (value << 16n) | BigInt(below(2 ** 16))
      return BigInt.asUintN(count, value)
    },
  }
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193)
  return value | 0
}
