"""Reading, measuring, shaping, painting, showing and writing meshes. Imported by models only, so only in runners."""
