/** Sets this process's wall clock ahead or back, as a wrong host clock would; the monotonic clock goes on as it does. */
export function shiftClock(ms: number): void {
  if (ms === 0) return;
  const RealDate = Date;
  class ShiftedDate extends RealDate {
    constructor(...given: [] | [number]) {
      if (given.length === 0) super(RealDate.now() + ms);
      else super(...given);
    }

    static override now(): number {
      return RealDate.now() + ms;
    }
  }
  globalThis.Date = ShiftedDate as DateConstructor;
}
