import { hubPrograms } from './jupyterhub-install.ts'
import { describeHub } from './jupyterhub-suite.ts'

const version = 'of the system'
describeHub(version, await hubPrograms(version))
