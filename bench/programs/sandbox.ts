import { startSandbox } from '../../src/sandbox/server.ts'

// The sandbox of a bench, in a process of its own. It answers each message with the calls it has counted.

process.once('disconnect', () => process.exit(0))
const sandbox = await startSandbox({ settings: { slurm: { runningMs: 3_600_000 } } })
process.on('message', ({ reset }: { reset?: true }) => {
  if (reset) sandbox.reset()
  process.send?.(sandbox.calls())
})
process.send?.({ urls: sandbox.urls, accounts: sandbox.accounts })
