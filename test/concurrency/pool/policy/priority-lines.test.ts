import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  PriorityLines,
  type PriorityPlace,
} from '../../../../src/concurrency/pool/policy/priority-lines.ts'

function place(priority: number, order: number): PriorityPlace {
  return { priority, order, line: undefined, ahead: undefined, behind: undefined }
}

function rest(lines: PriorityLines<PriorityPlace>): number[] {
  const orders: number[] = []
  for (let next = lines.shift(); next !== undefined; next = lines.shift()) orders.push(next.order)
  return orders
}

it('PriorityLines gives the highest priority first, and equal ones in order', () => {
  const lines = new PriorityLines<PriorityPlace>()
  const priorities = [0, 5, -1, 5, 0, Infinity]
  for (const [order, priority] of priorities.entries()) lines.add(place(priority, order))
  expect(rest(lines)).toEqual([5, 1, 3, 0, 4, 2])
  expect(lines.shift()).toBeUndefined()
})

it('PriorityLines takes on after it was empty', () => {
  const lines = new PriorityLines<PriorityPlace>()
  expect(lines.shift()).toBeUndefined()
  for (const order of [0, 1]) lines.add(place(order, order))
  expect(rest(lines)).toEqual([1, 0])
  lines.add(place(1, 2))
  lines.add(place(0, 3))
  expect(rest(lines)).toEqual([2, 3])
})

it('PriorityLines knows who is in it', () => {
  const lines = new PriorityLines<PriorityPlace>()
  const places = [place(0, 1), place(5, 2), place(0, 3)]
  for (const one of places) lines.add(one)
  expect([...lines.members()]).toEqual([places[0], places[2], places[1]])
})

it('PriorityLines lets one leave through its line', () => {
  const lines = new PriorityLines<PriorityPlace>()
  const places = [0, 1, 2].map((order) => place(order === 1 ? 9 : 0, order))
  for (const one of places) lines.add(one)
  const [, high] = places
  high?.line?.remove(high)
  expect(rest(lines)).toEqual([0, 2])
})

it('PriorityLines keeps the order of arrival, whoever is put back or added late', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.boolean()), { maxLength: 30 }),
      fc.infiniteStream(fc.nat()),
      (entries, random) => {
        const lines = new PriorityLines<PriorityPlace>()
        const places = entries.map(([priority], order) => ({
          place: place(priority, order),
          back: entries[order]?.[1],
        }))
        const keys = new Map(places.map((one) => [one, random.next().value as number]))
        for (const one of places.toSorted((a, b) => (keys.get(a) ?? 0) - (keys.get(b) ?? 0))) {
          if (one.back) lines.putBack(one.place)
          else lines.add(one.place)
        }
        const expected = entries
          .map(([priority], order) => ({ priority, order }))
          .toSorted((a, b) => b.priority - a.priority || a.order - b.order)
        expect(rest(lines)).toEqual(expected.map(({ order }) => order))
      },
    ),
  )
})
