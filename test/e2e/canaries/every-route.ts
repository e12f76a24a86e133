/** A response of any status. */
export interface RecordedResponse {
  operation: string
  status: number
  text: string
}

interface Operation {
  id: string
  method: string
  path: string
}

/** Time for reading from a stream. */
const streamReadMs = 500

/** Sends requests and records all responses. */
export function makeRecorder(url: string, apiKey: string) {
  const responses: RecordedResponse[] = []
  return {
    responses,
    async call(
      operation: string,
      method: string,
      path: string,
      body?: unknown,
    ): Promise<RecordedResponse & { body: never }> {
      const response = await fetch(url + path, {
        method,
        headers: {
          authorization: `Bearer ${apiKey}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const text = await readFor(response, streamReadMs)
      const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n')
      const recorded = { operation, status: response.status, text: `${headers}\n\n${text}` }
      responses.push(recorded)
      return { ...recorded, body: (parsed(text) ?? {}) as never }
    },
  }
}

export type Recorder = ReturnType<typeof makeRecorder>

/** All operations of the API, reads first and deletes last. */
export async function operationsOf(recorder: Recorder): Promise<Operation[]> {
  const { body } = await recorder.call('openapi', 'GET', '/openapi.json')
  const { paths } = body as { paths: Record<string, Record<string, { operationId: string }>> }
  const order = ['get', 'post', 'patch', 'put', 'delete']
  return Object.entries(paths)
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => ({ id: operationId, method, path })),
    )
    .sort((a, b) => order.indexOf(a.method) - order.indexOf(b.method))
}

/** Reads a response; a stream only for the given time. */
async function readFor(response: Response, ms: number): Promise<string> {
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return response.text()
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  let text = ''
  const timer = setTimeout(() => void reader?.cancel(), ms)
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
    if (done) break
    text += decoder.decode(value, { stream: true })
  }
  clearTimeout(timer)
  return text
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
