import { expect, it } from 'vitest'
import { CancelledError, ClosedResourceError } from '../../../src/concurrency/errors.ts'
import { Admission } from '../../../src/concurrency/pool/admission.ts'
import { Scope } from '../../../src/concurrency/scope/scope.ts'
import { settle } from '../../../src/testing/settle.ts'

function admission(places: number) {
  const room = { places }
  return { room, admission: new Admission(() => room.places), scope: new Scope(undefined) }
}

it('Admission lets in as many as there are places', async () => {
  const { room, admission: door, scope } = admission(2)
  const order: number[] = []
  const entered = [0, 1, 2, 3].map(async (index) => {
    await door.enter(scope, 'room')
    order.push(index)
    room.places--
    door.placeUsed()
  })
  await settle()
  expect(order).toEqual([0, 1])
  room.places = 1
  door.letIn()
  await settle()
  expect(order).toEqual([0, 1, 2])
  room.places = 5
  door.letIn()
  await Promise.all(entered)
  expect(order).toEqual([0, 1, 2, 3])
})

it('Admission promises no place twice, until the promise is old', async () => {
  const { admission: door, scope } = admission(1)
  let second = false
  await door.enter(scope, 'room')
  const waiting = door.enter(scope, 'room').then(() => (second = true))
  for (let tick = 0; tick < 3; tick++) await Promise.resolve()
  expect(second).toBe(false)
  await waiting
  expect(second).toBe(true)
})

it('Admission leaves nobody waiting while there is room, although nobody takes it', async () => {
  const { admission: door, scope } = admission(1)
  const entered = Array.from({ length: 20 }, () => door.enter(scope, 'room'))
  await expect(Promise.all(entered)).resolves.toHaveLength(20)
})

it('Admission counts a place as used only if one was promised', async () => {
  const { room, admission: door, scope } = admission(1)
  door.placeUsed()
  await door.enter(scope, 'room')
  let second = false
  void door.enter(scope, 'room').then(() => (second = true))
  room.places = 0
  door.placeUsed()
  await settle()
  expect(second).toBe(false)
  room.places = 1
  door.letIn()
  await settle()
  expect(second).toBe(true)
})

it('Admission lets a wait be cancelled, and refuses those who wait', async () => {
  const { admission: door, scope } = admission(0)
  const cancelled = new Scope(undefined)
  const first = door.enter(cancelled, 'room')
  const second = door.enter(scope, 'room')
  expect(door.waiting).toBe(2)
  cancelled.cancel()
  expect(door.waiting).toBe(1)
  await expect(first).rejects.toThrow(CancelledError)
  await expect(door.enter(cancelled, 'room')).rejects.toThrow(CancelledError)
  door.refuse(() => new ClosedResourceError('closed'))
  await expect(second).rejects.toThrow(new ClosedResourceError('closed'))
})
