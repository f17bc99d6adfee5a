// The edges of a mesh on a plain surface: how it is built, without its colours.

import { meshesOf, sceneOf } from "./scene.js";

const SURFACE = 0xd9d5cc;
const EDGES = 0x22303f;
const MAPS = ["map", "normalMap", "roughnessMap", "metalnessMap", "aoMap", "emissiveMap", "alphaMap"];

const shown = new WeakMap(); // mesh -> {material, edges}

export const canShowEdges = (viewer) => !!sceneOf(viewer);

export function showEdges(viewer, isOn) {
  const scene = sceneOf(viewer);
  if (!scene) return;
  for (const mesh of meshesOf(scene)) {
    const before = shown.get(mesh);
    if (isOn && !before && !isEdges(mesh)) shown.set(mesh, dress(mesh));
    if (!isOn && before) {
      mesh.material = before.material;
      mesh.remove(before.edges);
      shown.delete(mesh);
    }
  }
  scene.queueRender();
}

const isEdges = (mesh) => mesh.name === "edges";

function dress(mesh) {
  const { material } = mesh;
  mesh.material = plain(material, SURFACE, { roughness: 0.9, polygonOffset: true, polygonOffsetFactor: 1, polygonOffsetUnits: 1 });
  const edges = new mesh.constructor(mesh.geometry, plain(material, EDGES, { roughness: 1, wireframe: true }));
  edges.name = "edges";
  if (mesh.isSkinnedMesh) edges.bind(mesh.skeleton, mesh.bindMatrix);
  mesh.add(edges);
  return { material, edges };
}

function plain(material, color, more) {
  const made = material.clone();
  for (const name of MAPS) if (name in made) made[name] = null;
  made.vertexColors = false;
  made.transparent = false;
  made.opacity = 1;
  made.color.setHex(color);
  return Object.assign(made, { metalness: 0, ...more });
}
