// Fails early, in plain words, when npm scripts run on a Node.js the toolchain does not support.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `The toolchain needs Node.js 22.18 or newer; this is ${process.version} (${process.execPath}).\n` +
      'Run it as an npm script after "npm ci": that puts Node.js 24 on the PATH (see tools/node).',
  )
  process.exit(1)
}
