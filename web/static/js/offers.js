// What can be made of what: which features take the files that one has.

export const isText = (input) => input.formats.includes("text");
export const isFileOf = (input, format) => !isText(input) && input.formats.includes(format);

// The inputs of a feature or a model that are files: those that it needs first.
export const fileInputs = (offer) => Object.entries({ ...offer.inputs, ...offer.optional_inputs }).filter(([, input]) => !isText(input));

// "mesh" for what begins from a mesh, "image" for what begins from a picture alone, else "text".
export const kindOf = (feature) => ["mesh", "image"].find((kind) => kind in feature.inputs) ?? "text";

// Features that work on a mesh of that format.
export const followUps = (features, format) => features.filter(({ inputs }) => inputs.mesh && isFileOf(inputs.mesh, format));

// Each file, given by its format, in an input of the feature: what it needs first, each input once. What finds no place is left.
export function placed(feature, formats) {
  const free = fileInputs(feature);
  const at = {};
  const left = formats.filter((format, index) => {
    const found = free.findIndex(([, input]) => isFileOf(input, format));
    if (found < 0) return true;
    at[free.splice(found, 1)[0][0]] = index;
    return false;
  });
  return { at, left };
}

// Features that have a use for every kind of file at hand, the best first: those that lack nothing, then those that lack least.
export function offers(features, formats) {
  const kinds = [...new Set(formats)];
  const ranked = features.map((feature) => {
    const { left } = placed(feature, kinds);
    const needed = fileInputs({ inputs: feature.inputs });
    const { at } = placed({ inputs: feature.inputs }, formats);
    return { feature, unused: left.length, missing: needed.length - Object.keys(at).length };
  });
  return ranked.filter(({ feature, unused }) => !unused && fileInputs(feature).length)
    .sort((a, b) => a.missing - b.missing)
    .map(({ feature }) => feature);
}
