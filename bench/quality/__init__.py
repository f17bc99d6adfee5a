"""How good is what the models make: every feature on inputs that nobody tuned it on, measured and drawn.

python -m bench.quality [--set held-out] [--feature NAME ...] [--into FOLDER]
"""
