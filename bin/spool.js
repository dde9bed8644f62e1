#!/usr/bin/env node
import module from 'node:module'
import process from 'node:process'

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(`spool needs Node.js 22.18 or newer; this is ${process.version}.`)
  process.exitCode = 2
} else {
  module.enableCompileCache?.()
  await import('./young-generation.js')
  await import('../dist/cli/main.js')
}
