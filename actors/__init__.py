"""The hands: actors own their state, talk in messages, and let the pure core decide."""
