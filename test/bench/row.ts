/** One figure of the bench. */
export interface BenchRow {
  readonly name: string;
  /** Against the limit or peer that `name` tells, in the same run. NaN (null in JSON) where it could not be measured: `met` is false then. */
  readonly ratio: number;
  readonly goal: number;
  readonly met: boolean;
  /** What bounds it. */
  readonly bound: string;
}
