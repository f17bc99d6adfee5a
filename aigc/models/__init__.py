"""The bundled models, one class each: load, run, unload. Only runners import them.

A new model is a module here (or in any other package), its settings beside its feature in `aigc.features`, and an
entry in the catalogue that names both.
"""
