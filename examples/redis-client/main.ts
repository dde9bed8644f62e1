// A worked example of a protocol of one's own: node examples/redis-client/main.ts /run/redis/redis.sock
import { gather, run } from 'spool'
import { RedisClient, text } from './client.ts'
import { RedisError } from './resp.ts'

const [where = '6379'] = process.argv.slice(2)
const address = where.includes('/') ? { path: where } : { host: '127.0.0.1', port: Number(where) }

await run(async () => {
  await using redis = new RedisClient({ ...address, connections: 2 })

  await redis.set('greeting', 'Hello, Redis!')
  console.log(await redis.get('greeting'))
  console.log('nothing:', await redis.get('nobody set this'))

  // A hundred commands in one go, and a hundred tasks over two connections.
  await redis.command('DEL', 'visits')
  const counted = await redis.pipeline(Array.from({ length: 100 }, () => ['INCR', 'visits']))
  console.log('pipeline:', counted.at(-1))
  await gather(...Array.from({ length: 100 }, () => () => redis.command('INCR', 'visits')))
  console.log('tasks:', text(await redis.command('GET', 'visits')))

  try {
    await redis.command('LPUSH', 'greeting', 'x')
  } catch (error) {
    if (!(error instanceof RedisError)) throw error
    console.log('refused:', error.kind)
  }
})
