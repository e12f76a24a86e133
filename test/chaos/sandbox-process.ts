import { startSandbox } from '../../src/sandbox/server.ts'

// The sandbox of a chaos run. A journal keeps its objects across restarts and for the verifier.

export interface SandboxProcessOptions {
  port: number
  seed: string
  journalFile: string
}

/** Requests a copy of the first object whose create request contains `text`: an undecidable case. */
export interface TwinRequest {
  twin: { provider: string; text: string }
}

const twinPollMs = 3

const options = JSON.parse(process.env.CHAOS_SANDBOX ?? '{}') as SandboxProcessOptions
process.once('disconnect', () => process.exit(1))

const sandbox = await startSandbox({
  port: options.port,
  seed: options.seed,
  journalFile: options.journalFile,
  settings: {
    dataforest: { acceptedMs: 300, runningMs: 1200, killMs: 150 },
    aitems: { requestLearningMs: 100, learningMs: 300, deletingMs: 100 },
    scnet: { waitingMs: 150, deployingMs: 200, stopMs: 200, queuedMs: 300, runningMs: 1200, cancelMs: 200 },
    modelarts: { creatingMs: 300, jobRunningMs: 1200 },
  },
})
process.on('message', ({ twin }: TwinRequest) => {
  const poll = setInterval(() => {
    const original = sandbox.world
      .objects(twin.provider)
      .find(({ creation }) => JSON.stringify(creation)?.includes(twin.text))
    if (original === undefined) return
    clearInterval(poll)
    const { provider, kind, name, owner, creation, data, timeline } = original
    const id = sandbox.world.freshId(provider, (random) =>
      random.text('abcdefghijklmnopqrstuvwxyz', original.id.length),
    )
    sandbox.world.collection(provider, kind).add({ id, name, owner, creation, data, timeline })
  }, twinPollMs)
})
process.send?.({ ready: true, urls: sandbox.urls, accounts: sandbox.accounts })
