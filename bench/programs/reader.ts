// Reader in a separate process: receives a message with the requests, returns their durations.

export interface Reads {
  /** Sent round-robin, so that other load on the machine delays all alike. */
  requests: readonly { url: string; authorization: string }[]
  /** Number of repetitions of each. */
  amount: number
}

export interface ReadsResult {
  /** Durations in ms, sorted, by request. */
  times: number[][]
  /** First response that was not a page, if any. */
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
