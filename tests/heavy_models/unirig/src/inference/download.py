"""Where checkpoints are looked for: named as in the task files, which is where they lie if no hub answers."""
