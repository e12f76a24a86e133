import type { EngineFinder } from './engine.ts'

export const rayFinder: EngineFinder = {
  title: 'Ray',
  start: 'docs/tutorial-ray.md',
  async find({ RAY_ADDRESS: url = 'http://127.0.0.1:8265', RAY_AUTH_TOKEN: token }) {
    if (!/^https?:/.test(url)) return { missing: 'RAY_ADDRESS is not the http URL of a dashboard' }
    return {
      title: 'Ray',
      provider: 'ray',
      url,
      settings: { baseUrl: url },
      credentials: token === undefined ? {} : { token },
    }
  },
}
