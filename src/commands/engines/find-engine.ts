import { type EngineVariables, engineVariables } from '../../config/engine-settings.ts'
import { StartError } from '../start-error.ts'
import { type Engine, type EngineFinder, isListening } from './engine.ts'
import { kubernetesFinder } from './kubernetes.ts'
import { rayFinder } from './ray.ts'
import { slurmFinder } from './slurm.ts'

const finders = { slurm: slurmFinder, kubernetes: kubernetesFinder, ray: rayFinder } as const

export type EngineName = keyof typeof finders

export const engineNames = Object.keys(finders) as EngineName[]

/**
 * The engine of a name, or with `auto` the first one that responds.
 *
 * @throws StartError with what is missing for each engine, and how to start one
 */
export async function findEngine(name: EngineName | 'auto', env: EngineVariables): Promise<Engine> {
  const problems: string[] = []
  for (const each of name === 'auto' ? engineNames : [name]) {
    const finder = finders[each]
    const found = await reachable(finder, env)
    if (!('missing' in found)) return found
    problems.push(`  ${finder.title}: ${found.missing}. To start one on this machine: ${finder.start}`)
  }
  const variables = Object.entries(engineVariables).map(([variable, does]) => `  ${variable.padEnd(24)} ${does}`)
  throw new StartError(
    `No engine was found.\n${problems.join('\n')}\n\nIt is found by these variables:\n${variables.join('\n')}`,
  )
}

async function reachable(finder: EngineFinder, env: EngineVariables): Promise<Engine | { missing: string }> {
  const engine = await finder.find(env)
  if ('missing' in engine) return engine
  if (!URL.canParse(engine.url)) return { missing: 'its address is not a URL' }
  return (await isListening(engine.url)) ? engine : { missing: `nothing listens at ${new URL(engine.url).origin}` }
}
