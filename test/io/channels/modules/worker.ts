import { parentChannel } from '../../../../src/io/channels/process-channel.ts'

const channel = parentChannel({
  onRequest: async (value: unknown) => {
    if (value === 'die') process.kill(process.pid, 'SIGKILL')
    if (value === 'again') return parentChannel()
    return { pid: process.pid, value }
  },
})
for await (const message of channel) await channel.send([message, process.argv[2]])
await channel.close()
