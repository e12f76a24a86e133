/** The fields of an API record that the commands read. */
export interface ApiRecord {
  id: string
  name: string
  status: string
  statusReason?: string
  statusMessage?: string
  provider: string
  version: number
  remote?: { id?: string; state?: string }
  [field: string]: unknown
}

export interface ApiClient {
  post<T = ApiRecord>(path: string, body?: object): Promise<T>
  patch<T = ApiRecord>(path: string, body: object): Promise<T>
  get<T = ApiRecord>(path: string, headers?: Readonly<Record<string, string>>): Promise<T>
  delete<T = ApiRecord>(path: string): Promise<T>
}

/** A client of the public API. */
export function makeApiClient(url: string, apiKey: string): ApiClient {
  async function call<T>(
    method: string,
    path: string,
    { body, headers = {} }: { body?: object; headers?: Readonly<Record<string, string>> },
  ): Promise<T> {
    const response = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok && response.status !== 304)
      throw new Error(`${method} ${path} returned ${response.status}: ${text}`)
    return (text === '' ? null : JSON.parse(text)) as T
  }
  return {
    post: (path, body) => call('POST', path, body === undefined ? {} : { body }),
    patch: (path, body) => call('PATCH', path, { body }),
    get: (path, headers) => call('GET', path, headers === undefined ? {} : { headers }),
    delete: (path) => call('DELETE', path, {}),
  }
}
