"""Local edits of a mesh: what is asked, where, and how it is done."""
