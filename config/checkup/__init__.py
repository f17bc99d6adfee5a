"""What `aigc doctor` looks at: each file one part of a set-up, each finding with what to do about it."""
