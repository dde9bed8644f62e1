import { rootScope, Scope } from '../../../src/concurrency/scope/scope.ts'

/** A scope in the hands of a test, which is not in the tree any more when it is disposed of. */
export class OwnScope extends Scope implements Disposable {
  constructor() {
    super(rootScope)
  }

  [Symbol.dispose](): void {
    this.end()
  }
}
