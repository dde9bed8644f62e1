import { obeyAsSpool } from './spool-session.ts'

await obeyAsSpool()
