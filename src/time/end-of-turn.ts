const turn = Promise.resolve();

/** Calls `action` when the caller's turn is over. `queueMicrotask` also makes a resource for `async_hooks`, which costs more. */
export function atEndOfTurn(action: () => void): void {
  void turn.then(action);
}
