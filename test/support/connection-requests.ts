import type { ApiRecord } from '../../src/commands/api-client.ts'
import type { ApiBench } from './api-bench.ts'

interface Changes {
  settings?: object
  credentials?: object
}

/** Connections to the Data Forest account of the sandbox, each with a unique name. */
export function connectionRequests({ api, sandbox }: Pick<ApiBench, 'api' | 'sandbox'>) {
  let count = 0
  function request({ settings, credentials }: Changes = {}) {
    const { accountId, accessKey, secretKey } = sandbox.accounts.dataforest
    count += 1
    return {
      name: `connection ${count}`,
      settings: { dataforest: { baseUrl: sandbox.urls.dataforest, accountId, ...settings } },
      credentials: { dataforest: { accessKey, secretKey, ...credentials } },
    }
  }
  const make = (changes: Changes = {}): Promise<ApiRecord> => api.ok('POST', '/connections', request(changes))
  return { request, make }
}
