/** An answer that came back, whatever it was. */
export interface Answered {
  operation: string
  status: number
  text: string
}

interface Operation {
  id: string
  method: string
  path: string
}

/** How long a stream is listened to. */
const listenMs = 500

/** Calls over HTTP and keeps every answer. */
export function makeRecorder(url: string, apiKey: string) {
  const answers: Answered[] = []
  return {
    answers,
    async call(operation: string, method: string, path: string, body?: unknown): Promise<Answered & { body: never }> {
      const response = await fetch(url + path, {
        method,
        headers: {
          authorization: `Bearer ${apiKey}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const text = await readFor(response, listenMs)
      const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n')
      const answered = { operation, status: response.status, text: `${headers}\n\n${text}` }
      answers.push(answered)
      return { ...answered, body: (parsed(text) ?? {}) as never }
    },
  }
}

export type Recorder = ReturnType<typeof makeRecorder>

/** Every operation of the API: those that only read first, those that end something last. */
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

/** A stream has no end: what came so far. */
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
