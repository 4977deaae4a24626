"""Front ends: what each wants kept for it, and how that acts on its chats and its speech."""
