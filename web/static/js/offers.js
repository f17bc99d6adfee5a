// What can be made of what: which features take the files that one has, and which file goes where.

export const isText = (input) => input.formats.includes("text");
export const isFileOf = (input, format) => !isText(input) && input.formats.includes(format);

// The inputs without which it cannot work, and that are files. What may be given is given on purpose, never by a guess.
const neededFiles = (feature) => Object.entries(feature.inputs).filter(([, input]) => !isText(input));

// "mesh" for what begins from a mesh, "image" for what begins from a picture alone, else "text".
export const kindOf = (feature) => ["mesh", "image"].find((kind) => kind in feature.inputs) ?? "text";

// Features that work on a mesh of that format.
export const followUps = (features, format) => features.filter(({ inputs }) => inputs.mesh && isFileOf(inputs.mesh, format));

// Which of the files, given by their formats, goes into which input: first into one that is free, then into one of `taken`.
// Where only one input takes such files it takes all of them. What finds no place is `left`.
export function placed(feature, formats, taken = []) {
  const at = {};
  const left = [];
  formats.forEach((format, index) => {
    const fitting = neededFiles(feature).filter(([, input]) => isFileOf(input, format)).map(([name]) => name);
    const open = fitting.filter((name) => !at[name]);
    const name = open.find((one) => !taken.includes(one)) ?? open[0] ?? (fitting.length === 1 ? fitting[0] : undefined);
    if (name) (at[name] ??= []).push(index);
    else left.push(index);
  });
  return { at, left };
}

// Features that have a use for every kind of file at hand, the best first: what lacks nothing, makes one job of all, gives colours.
export function offers(features, formats) {
  const kinds = [...new Set(formats)];
  return features.filter((feature) => formats.length && !placed(feature, kinds).left.some((index) => !takes(feature, kinds[index])))
    .map((feature) => ({ feature, lacks: lacking(feature, formats) }))
    .sort((a, b) => a.lacks.find((lack, at) => lack !== b.lacks[at]) - b.lacks.find((lack, at) => lack !== a.lacks[at]) || 0)
    .map(({ feature }) => feature);
}

const takes = (feature, format) => neededFiles(feature).some(([, input]) => isFileOf(input, format));

function lacking(feature, formats) {
  const { at, left } = placed(feature, formats);
  const used = Object.values(at);
  return [neededFiles(feature).length - used.length, left.length, Math.max(0, ...used.map((files) => files.length)), feature.name.includes("textured") ? 0 : 1];
}

// Each one of the first list with each one of the second, and so on.
export const combinations = (lists) => lists.reduce((all, list) => all.flatMap((done) => list.map((item) => [...done, item])), [[]]);
