/** Where things stand in the picture, in CSS pixels. */
export const GUTTER = 186;
export const AXIS = 26;
export const PROTECTION = 20;
export const TOP = AXIS + PROTECTION + 6;
export const BAR_TOP = 9;
export const BAR = 22;
export const TAIL_TOP = BAR_TOP + BAR + 7;
export const TAIL = 34;
export const LANE = TAIL_TOP + TAIL + 8;
/** Where the signs of what concerns all lanes stand, and those of rekeys below the bars of their lane. */
export const SIGN_Y = AXIS + 9;
export const REKEY_TOP = BAR_TOP + BAR + 5;
export const BRUSH = 30;
export const RIGHT = 14;

/** The height at which every lane is in sight, within reason. */
export function wantedHeight(lanes: number): number {
  return TOP + Math.max(1, Math.min(lanes, 4)) * LANE + BRUSH + 6;
}
