// What this server can make: its features, and the models that serve them.

import { api } from "./api.js";
import { title } from "./dom.js";

let features = [];
let models = [];
let known;
const whenKnown = new Promise((resolve) => { known = resolve; });

export const allFeatures = () => features;
export const modelsOf = (feature) => models.filter((item) => item.feature === feature);
export const modelNamed = (id) => models.find((item) => item.id === id);
// Its one name for people; of one that is served here no more, what can be made of its own.
export const titleOf = (feature) => features.find((item) => item.name === feature)?.title ?? title(feature);
// `fill` is called once the features are known, at once if they are already.
export const once = (fill) => whenKnown.then(fill);

// Asks the server anew. Features without a model are none.
export async function load() {
  const [offered, serving] = await Promise.all([api.features(), api.models()]);
  models = serving.models;
  features = offered.features.filter((item) => item.models.length);
  known();
}

// What the models have learned of their times, and where they are in memory.
export async function learn() {
  models = (await api.models().catch(() => ({ models }))).models;
}
