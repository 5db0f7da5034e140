export function startBatch() {}
