import type { PartResult } from './figures.ts'
import { mediansOf } from './medians.ts'
import { type Options, readOptions } from './options.ts'
import type { Part } from './part.ts'
import { accept } from './parts/accept.ts'
import { drain } from './parts/drain.ts'
import { fairness } from './parts/fairness.ts'
import { observe } from './parts/observe.ts'
import { processes } from './parts/process.ts'
import { read } from './parts/read.ts'
import { soak } from './parts/soak.ts'
import { streams } from './parts/streams.ts'
import { webhooks } from './parts/webhooks.ts'
import { writePlots } from './plots.ts'
import { describeMachine, writeResults } from './results.ts'
import { checkRules, failures } from './rules.ts'
import { connectSlurm } from './services.ts'
import { startStack } from './stack.ts'
import { describeResult, describeRuleResults } from './table.ts'

// npm run bench: measures speed and cost. docs/performance.md explains the figures.

const parts: readonly Part[] = [accept, drain, fairness, observe, read, streams, webhooks, processes, soak]

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

const options = optionsOf(process.argv.slice(2))
const stack = await startStack(options.dir)
const machine = await describeMachine(stack)
console.log(machine)
await connectSlurm(stack)
const results: PartResult[] = []
for (const part of parts.filter(({ name }) => options.parts.includes(name))) results.push(await runRounds(part))
await stack.stop()

const ruleResults = checkRules(results, options)
for (const result of results) console.log(`\n${describeResult(result)}`)
console.log(`\n${describeRuleResults(ruleResults)}`)
console.log(`\nWritten to ${await writeResults({ options, machine, results, verdicts: ruleResults })}`)
for (const path of await writePlots(options.plots, parts, results)) console.log(`Plotted to ${path}`)
if (failures(ruleResults).length > 0) {
  console.error('\nA count is worse than it may be: see "NOT MET" above.')
  process.exitCode = 1
}

function optionsOf(args: readonly string[]): Options {
  try {
    return readOptions(args, parts)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(2)
  }
}

async function runRounds(part: Part): Promise<PartResult> {
  const rounds = []
  const count = part.onRequest ? 1 : options.rounds
  for (let round = 1; round <= count; round++) {
    console.error(`${part.name}: round ${round} of ${count}`)
    rounds.push(await part.run(stack, options))
  }
  return { part: part.name, unit: part.unit, rounds, medians: mediansOf(rounds) }
}
