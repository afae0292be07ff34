/**
 * A session that is one more than the server is known to allow, and what the server proves by opening it: it frees no
 * session before it has our CLOSE, so all others that are open here still counted when it read the request.
 */
export class LimitProbe {
  #isUnderWay = false;
  #proven = 0;
  #ending = 0;

  get isUnderWay(): boolean {
    return this.#isUnderWay;
  }

  /**
   * It is being requested; with it, `open` sessions count. Only a far server takes so long to answer that what is open
   * then may have ended by the time it does.
   */
  begin(open: number, isFar: boolean): void {
    this.#isUnderWay = true;
    this.#proven = isFar ? open - this.#ending : 0;
  }

  /** The server has opened it. Returns how many sessions it has had at once, at least. */
  accepted(): number {
    const proven = this.#proven;
    this.end();
    return proven;
  }

  /** It was refused, or never requested. */
  end(): void {
    this.#isUnderWay = false;
    this.#proven = 0;
  }

  /** A session that was counted was refused, or never requested. */
  countsOneLess(): void {
    this.#proven--;
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
