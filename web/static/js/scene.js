// The scene behind a model-viewer: its meshes and its camera. The element does not offer them, so they are looked for with
// care: null where a future version of it keeps them elsewhere.

export function sceneOf(viewer) {
  const symbol = Object.getOwnPropertySymbols(viewer).find(({ description }) => description === "scene");
  const scene = symbol && viewer[symbol];
  return scene?.target && scene.getCamera && scene.queueRender ? scene : null;
}

export function meshesOf(scene) {
  const meshes = [];
  scene.target.traverse((node) => node.isMesh && node.geometry?.attributes.position && isModel(node, scene) && meshes.push(node));
  return meshes;
}

// The floor's shadow hangs below the same node.
const isModel = (node, scene) => scene.models.some((model) => { for (let at = node; at; at = at.parent) if (at === model) return true; return false; });

// From a point of the file to the picture: a 4 x 4 matrix in columns.
export function projectionOf(scene) {
  const camera = scene.getCamera();
  camera.updateMatrixWorld();
  scene.target.updateWorldMatrix(true, false);
  return camera.projectionMatrix.clone().multiply(camera.matrixWorldInverse).multiply(scene.target.matrixWorld).elements;
}
