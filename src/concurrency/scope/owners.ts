/** What a scope knows of the task that runs in it: a name and no more. */
export interface ScopeTask {
  readonly name: string
}

/** What a scope knows of the group around it. */
export interface ScopeGroup {
  readonly name: string
}
