"""Skeletons for meshes: from the shape to joints, and from joints to weights."""
