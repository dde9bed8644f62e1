import { expect, test } from 'vitest'
import { ContextVar, sleep, taskGroup, timeout } from '../../../src/index.ts'

test('a context variable has a default, or throws where it is not set', () => {
  expect(new ContextVar('user', { default: 'nobody' }).get()).toBe('nobody')
  expect(() => new ContextVar('user').get()).toThrow(
    new ReferenceError('Cannot get "user": it is not set here and has no default'),
  )
  expect(new ContextVar<undefined>('nothing', { default: undefined }).get()).toBeUndefined()
})

test('a task begins with the values of the one that started it', async () => {
  const user = new ContextVar<string>('user')
  await taskGroup(async (group) => {
    const outer = group.spawn(async () => {
      user.set('ada')
      const inner = group.spawn(() => user.get())
      user.set('grace')
      const other = group.spawn(() => user.get())
      return [await inner, await other, user.get()]
    })
    expect(await outer).toEqual(['grace', 'grace', 'grace'].with(0, 'ada'))
  })
})

test('what a task sets, the others do not see', async () => {
  const user = new ContextVar('user', { default: 'nobody' })
  await taskGroup(async (group) => {
    const seen = await Promise.all(
      ['ada', 'grace'].map((name) =>
        group.spawn(async () => {
          user.set(name)
          await sleep(0)
          return user.get()
        }),
      ),
    )
    expect([seen, user.get()]).toEqual([['ada', 'grace'], 'nobody'])
  })
})

test('what is set inside timeout() or taskGroup() stays set after it, as in the same task', async () => {
  const user = new ContextVar('user', { default: 'nobody' })
  await taskGroup(async (group) => {
    await group.spawn(async () => {
      await timeout(5_000, () => user.set('ada'))
      expect(user.get()).toBe('ada')
      await taskGroup(() => user.set('grace'))
      expect(user.get()).toBe('grace')
    })
  })
})

test('code that outlives its task keeps its values', async () => {
  const user = new ContextVar('user', { default: 'nobody' })
  const { promise: gate, resolve: go } = Promise.withResolvers<void>()
  let late: Promise<string> | undefined
  await taskGroup((group) => {
    group.spawn(() => {
      user.set('ada')
      late = gate.then(() => user.get())
    })
  })
  go()
  expect(await late).toBe('ada')
})

test('reset() takes a set() back', async () => {
  const user = new ContextVar<string>('user')
  const other = new ContextVar<string>('other')
  await taskGroup(async (group) => {
    await group.spawn(() => {
      const first = user.set('ada')
      const second = user.set('grace')
      user.reset(second)
      expect(user.get()).toBe('ada')
      user.reset(first)
      expect(() => user.get()).toThrow(ReferenceError)
      expect(() => other.reset(first)).toThrow(
        new TypeError('Cannot reset "other": the token is one of "user"'),
      )
    })
  })
})

test('run() has another value inside, across awaits, and beside others', async () => {
  const user = new ContextVar('user', { default: 'nobody' })
  const seen = await Promise.all(
    ['ada', 'grace'].map((name) =>
      user.run(name, async () => {
        await sleep(0)
        return user.get()
      }),
    ),
  )
  expect([seen, user.get()]).toEqual([['ada', 'grace'], 'nobody'])
})

test('run() returns what its function returns, and throws what it throws', async () => {
  const user = new ContextVar('user', { default: 'nobody' })
  const other = new ContextVar('other', { default: 'before' })
  const inside = user.run('ada', () => {
    other.set('inside')
    return [user.get(), other.get()]
  })
  expect([inside, user.get(), other.get()]).toEqual([['ada', 'inside'], 'nobody', 'before'])
  expect(() =>
    user.run('ada', () => {
      throw new Error(user.get())
    }),
  ).toThrow('ada')
  await expect(user.run('ada', () => Promise.reject(new Error(user.get())))).rejects.toThrow('ada')
  expect(user.get()).toBe('nobody')
  expect(() => user.run('ada', 5 as never)).toThrow(TypeError)
})

test('a context variable needs a name', () => {
  expect(new ContextVar('user').name).toBe('user')
  expect(() => new ContextVar('')).toThrow(
    new TypeError('Invalid name "" of a context variable: expected a string that is not empty'),
  )
})

test('reset() refuses what set() has not returned', () => {
  const user = new ContextVar<string>('user')
  for (const token of [undefined, null, { variable: user, before: undefined }]) {
    expect(() => user.reset(token as never)).toThrow(
      /^Cannot reset "user" with .+: expected what set\(\) returned$/,
    )
  }
})

test('a variable with options that name no default has none', () => {
  expect(() => new ContextVar('user', {} as { default: string }).get()).toThrow(ReferenceError)
})
