// Reads, in a process of its own: a message says what to ask for, the times that it took go back.

export interface Reads {
  /** Asked for in turn, so that what else the machine does delays all alike. */
  requests: readonly { url: string; authorization: string }[]
  /** How often each is asked for. */
  amount: number
}

export interface ReadsResult {
  /** Milliseconds of each, in the order of the requests, sorted. */
  times: number[][]
  /** What was answered instead of a page, if anything was. */
  failure: string | null
}

process.once('disconnect', () => process.exit(0))
process.on('message', (reads: Reads) => void run(reads).then((result) => process.send?.(result)))
process.send?.({})

async function run({ requests, amount }: Reads): Promise<ReadsResult> {
  const times: number[][] = requests.map(() => [])
  let failure: string | null = null
  for (let count = 0; count < amount; count += 1)
    for (const [index, { url, authorization }] of requests.entries()) {
      const startedMs = performance.now()
      const response = await fetch(url, { headers: { authorization } })
      const body = await response.text()
      times[index]?.push(performance.now() - startedMs)
      if (!response.ok) failure ??= `${url}: ${response.status} ${body}`
    }
  return { times: times.map((each) => each.sort((a, b) => a - b)), failure }
}
