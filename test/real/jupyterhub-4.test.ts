import { hubPrograms } from './jupyterhub-install.ts'
import { describeHub } from './jupyterhub-suite.ts'

const version = '4.1.6'
describeHub(version, await hubPrograms(version))
