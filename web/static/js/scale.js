// Where a slider stands for a number, and back. Ranges over several sizes of thing are gone through by factors.

const STEPS = 1000;
const WIDE = 50; // from this ratio on, equal steps would crowd the small values

const isWide = (field) => field.minimum > 0 && field.maximum / field.minimum >= WIDE;

// Steps of the slider from 0 to `max` that a number field needs; null where a bound is missing.
export function steps(field) {
  const { minimum, maximum, type } = field;
  if (![minimum, maximum].every(Number.isFinite) || maximum > 1e6) return null;
  return type === "integer" && maximum - minimum < STEPS ? maximum - minimum : STEPS;
}

export function toSlider(value, field) {
  const { minimum, maximum } = field;
  const share = isWide(field) ? Math.log(value / minimum) / Math.log(maximum / minimum) : (value - minimum) / (maximum - minimum);
  return Math.round(Math.min(1, Math.max(0, share)) * steps(field));
}

// Rounded as a person would write it.
export function fromSlider(at, field) {
  const { minimum, maximum, type } = field;
  const share = at / steps(field);
  const value = isWide(field) ? minimum * (maximum / minimum) ** share : minimum + share * (maximum - minimum);
  if (at <= 0 || share >= 1) return at <= 0 ? minimum : maximum;
  if (type === "integer") return maximum - minimum < STEPS ? Math.round(value) : Number(value.toPrecision(2));
  const grain = 10 ** Math.floor(Math.log10((maximum - minimum) / 100));
  return Number((Math.round(value / grain) * grain).toPrecision(6));
}
