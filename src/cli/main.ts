// Replaced by the command line itself.
export const placeholder = true
