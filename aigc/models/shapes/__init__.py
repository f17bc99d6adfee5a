"""A library of parametric shapes, and the words that choose, colour and count them."""
