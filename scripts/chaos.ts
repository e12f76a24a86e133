import { readOptions } from '../test/chaos/options.ts'
import { formatReport } from '../test/chaos/report.ts'
import { runChaos } from '../test/chaos/run.ts'

// npm run chaos: runs real processes, Postgres and Redis with every sandbox provider under injected faults. Exits with
// 0 only if nothing was created twice, lost, left stuck or orphaned.

const options = readOptions(process.argv.slice(2))
const size = options.isShort ? ' --short' : ''
const guard = options.without === null ? '' : ` --without ${options.without}`
console.log(
  `npm run chaos -- --seed ${options.seed} --queue ${options.queue} --workloads ${options.workloads} --seconds ${options.seconds}${size}${guard}`,
)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
const report = await runChaos(options, (line) => console.log(line))
console.log(formatReport(report))
process.exit(report.verdict.isClean ? 0 : 1)
