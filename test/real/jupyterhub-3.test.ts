import { hubPrograms } from './jupyterhub-install.ts'
import { describeHub } from './jupyterhub-suite.ts'

const version = 'system package'
describeHub(version, await hubPrograms(version))
