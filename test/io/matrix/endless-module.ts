import { sleep } from 'spool'
import { parentChannel } from 'spool/io'

const channel = parentChannel({ onRequest: () => sleep(60_000) })
await channel.send('ready')
await channel.receive().catch(() => undefined)
