import type { Reporter, SerializedError, TestModule } from 'vitest/node'

/**
 * Prints what could not run and why, and then `N passed, N failed` as the very last line, also after
 * a coverage report. Files that did not load and errors outside tests count as failures.
 */
export default class ClosingLine implements Reporter {
  #passed = 0
  #failed = 0
  readonly #notRun = new Map<string, number>()

  onInit(): void {
    process.once('exit', (code) => {
      // A run can also fail for a reason no test knows of: no tests, a coverage threshold.
      const failed = this.#failed === 0 && code !== 0 ? 1 : this.#failed
      for (const [reason, count] of this.#notRun) console.log(`not run: ${count} tests, ${reason}`)
      console.log(`${this.#passed} passed, ${failed} failed`)
    })
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    this.#passed = 0
    this.#failed = errors.length
    this.#notRun.clear()
    for (const module of modules) {
      this.#failed += module.errors().length
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed') this.#passed++
        else if (state === 'failed') this.#failed++
        else this.#countNotRun(test.fullName)
      }
    }
  }

  // test/support/programs.ts puts the reason into the name of the suite that it skips.
  #countNotRun(fullName: string): void {
    const reason = /\[(needs [^\]]+)\]/.exec(fullName)?.[1] ?? `skipped: ${fullName}`
    this.#notRun.set(reason, (this.#notRun.get(reason) ?? 0) + 1)
  }
}
