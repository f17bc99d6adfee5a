"""The shapes themselves. Importing this package fills the library."""

from aigc.models.shapes.library import (
    animals,
    buildings,
    food,
    furniture,
    people,
    plants,
    tools,
    vehicles,
    vessels,
)

__all__ = ["animals", "buildings", "food", "furniture", "people", "plants", "tools", "vehicles", "vessels"]
