/**
 * Sessions that are more than the server is known to allow, and what the server proves by opening one: it frees no
 * session before it has our CLOSE, so all others that are open here still counted when it read the request.
 */
export class LimitProbe {
  /** What each of those under way proves, in the order of their requests, which is that of the answers. */
  readonly #proving: number[] = [];
  /** Those that somebody has been granted and has not requested yet. */
  #reserved = 0;
  #ending = 0;
  #most = 1;

  /** Whether one more may be requested: one at a time, or, if the number may `grow`, one more after each accepted. */
  mayBegin(grow: boolean): boolean {
    return this.#reserved + this.#proving.length < (grow ? this.#most : 1);
  }

  /** One is granted to somebody who will request it, or withdraw. */
  reserve(): void {
    this.#reserved++;
  }

  withdraw(): void {
    this.#reserved--;
  }

  /**
   * One is being requested now; with it, the server has been asked for `asked` sessions and told the end of none. Only a
   * far server takes so long to answer that what is open then may have ended by the time it does.
   */
  begin(asked: number, isFar: boolean): void {
    this.#proving.push(isFar ? asked - this.#ending : 0);
  }

  /** The server has opened the oldest. Returns how many sessions it has had at once, at least. */
  accepted(): number {
    this.#most++;
    return this.#proving.shift() ?? 0;
  }

  /** The oldest was refused. Those after it had counted it. */
  end(): void {
    this.#proving.shift();
    this.countsOneLess();
  }

  /** A session that was counted was refused, or not requested after all. */
  countsOneLess(): void {
    for (const at of this.#proving.keys()) this.#proving[at] = (this.#proving[at] ?? 0) - 1;
  }

  /** We ask the server to end a session that was never used: it may free it before it reads a request. */
  endsUnused(): void {
    this.#ending++;
  }

  /** The server has ended it. */
  unusedEnded(): void {
    this.#ending--;
  }
}
