"""What a sentence says of a surface, and how it gets there: words, parts, patterns, wear."""
