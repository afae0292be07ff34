export function stateOf(paths: readonly string[], except?: readonly string[]): string;
