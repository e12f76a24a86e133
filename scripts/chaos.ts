import { once } from 'node:events'
import { readOptions } from '../test/chaos/options.ts'
import { formatReport, type Report } from '../test/chaos/report.ts'
import { runChaos } from '../test/chaos/run.ts'
import { apiKey, type Stack } from '../test/chaos/stack.ts'

// npm run chaos: runs real processes, Postgres and Redis with every sandbox provider under injected faults. Exits with
// 0 only if nothing was created twice, lost, left stuck or orphaned. With --stay everything runs on after the report, for practice.

const options = readOptions(process.argv.slice(2))
const size = options.isShort ? ' --short' : ''
const guard = options.without === null ? '' : ` --without ${options.without}`
console.log(
  `npm run chaos -- --seed ${options.seed} --queue ${options.queue} --workloads ${options.workloads} --seconds ${options.seconds}${size}${guard}`,
)
process.once('SIGTERM', () => process.exit(1))
process.once('SIGINT', () => process.exit(1))
const report = await runChaos(options, {
  print: (line) => console.log(line),
  ...(options.stays ? { onStart: printAddresses, onReport: waitForInterrupt } : {}),
})
if (!options.stays) console.log(formatReport(report))
process.exit(report.verdict.isClean ? 0 : 1)

function printAddresses({ apiUrls, metricsUrls, databaseUrl }: Stack): void {
  console.log(`SWITCHYARD_URL=${apiUrls[0]} SWITCHYARD_API_KEY=${apiKey} DATABASE_URL=${databaseUrl}`)
  console.log(`Metrics: ${metricsUrls.join(' ')}`)
}

async function waitForInterrupt(finished: Report): Promise<void> {
  console.log(`${formatReport(finished)}\nStill running: end with Ctrl-C.`)
  process.removeAllListeners('SIGINT')
  await once(process, 'SIGINT')
}
