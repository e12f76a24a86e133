import { availableParallelism } from 'node:os'
import { check } from 'recheck'
import type { Found } from './collect.ts'

/**
 * What is wrong with regular expressions: those that are not shown to take time in proportion to the text, and those that
 * cannot be read from the code, unless somebody has reviewed them; and reviews of what is not there any more.
 */
export async function faultsOf(found: readonly Found[], reviewed: Readonly<Record<string, string>>): Promise<string[]> {
  const byText = new Map(found.toReversed().map((each) => [textOf(each), each]))
  const faults: string[] = []
  const waiting = [...byText].filter(([text]) => !Object.hasOwn(reviewed, text)).values()
  // Each is judged by a process of its own: as many at once as there are processors.
  const hand = async () => {
    for (const [text, each] of waiting) {
      const fault = await faultOf(each)
      if (fault !== null) faults.push(`${each.place}: ${text} ${fault}`)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, hand))
  const stale = Object.keys(reviewed).filter((text) => !byText.has(text))
  return [...faults.sort(), ...stale.map((text) => `${text} is reviewed but stands nowhere: remove the review`)]
}

/** No limits of time, which a busy machine exceeds: what is counted is the same everywhere. */
const byCountAlone = { timeout: null, attackTimeout: null, incubationTimeout: null, randomSeed: 0 }

/** What a review is filed under. */
function textOf({ source, flags, isMade }: Found): string {
  return isMade ? source : `/${source}/${flags}`
}

async function faultOf({ source, flags, isMade }: Found): Promise<string | null> {
  if (isMade) return 'is made at run time: write it out, or review what it can be made of'
  const verdict = await check(source, flags, byCountAlone)
  if (verdict.status === 'safe') return null
  if (verdict.status === 'unknown') return `cannot be judged (${verdict.error.kind}): make it simpler, or review it`
  const attack = JSON.stringify(verdict.attack.pattern)
  return `takes ${verdict.complexity.summary} time, with ${attack}: make it linear, or review it`
}
