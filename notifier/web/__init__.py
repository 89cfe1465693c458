"""The web: API, board, status pages, webhooks. A view parses, calls one use case, answers."""
