"""Heavy models: one module for each family, written against its authors' code, which is imported in `load`.

They run in interpreters of their own, from Python 3.10 on, with whatever versions their authors pinned; so importing
one needs the standard library alone, and of ours they know `aigc.runner` and each other. How each is installed is its
recipe in `config/recipes`; what has run for real and what has not is in docs/heavy-models.md.

family      what all of them share: seeds, which pipeline is on the GPU, missing packages told in words
steps       counts the steps of a foreign sampler, reports them and cancels between two of them
meshes      a mesh from a file, and a result from a mesh, by the trimesh that each of their environments has
picture     a picture from a file; the thumbnail of a mesh, by numpy alone
programs    programs of a repository that is no library, watched and ended
"""
