import { availableParallelism } from 'node:os'
import { check } from 'recheck'
import type { Found } from './collect.ts'

/**
 * Reports regular expressions that are not proven to run in linear time or are not literals in the code, unless they
 * were reviewed, and reviews of expressions that no longer exist.
 */
export async function faultsOf(found: readonly Found[], reviewed: Readonly<Record<string, string>>): Promise<string[]> {
  const byText = new Map(found.toReversed().map((each) => [textOf(each), each]))
  const faults: string[] = []
  const waiting = [...byText].filter(([text]) => !Object.hasOwn(reviewed, text)).values()
  // Each is checked in a separate process, as many concurrently as there are processors.
  const checkNext = async () => {
    for (const [text, each] of waiting) {
      const fault = await faultOf(each)
      if (fault !== null) faults.push(`${each.place}: ${text} ${fault}`)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, checkNext))
  const stale = Object.keys(reviewed).filter((text) => !byText.has(text))
  return [...faults.sort(), ...stale.map((text) => `${text} is reviewed but stands nowhere: remove the review`)]
}

/** No time limits, which a busy machine would exceed; counts are the same everywhere. */
const byCountAlone = { timeout: null, attackTimeout: null, incubationTimeout: null, randomSeed: 0 }

/** Key of a review. */
function textOf({ source, flags, isDynamic }: Found): string {
  return isDynamic ? source : `/${source}/${flags}`
}

async function faultOf({ source, flags, isDynamic }: Found): Promise<string | null> {
  if (isDynamic) return 'is made at run time: write it out, or review what it can be made of'
  const result = await check(source, flags, byCountAlone)
  if (result.status === 'safe') return null
  if (result.status === 'unknown') return `cannot be checked (${result.error.kind}): make it simpler, or review it`
  const attack = JSON.stringify(result.attack.pattern)
  return `takes ${result.complexity.summary} time, with ${attack}: make it linear, or review it`
}
