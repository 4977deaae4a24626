"""What OpenAI's clients send and read, for every route that speaks as they do."""
