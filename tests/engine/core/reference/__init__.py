"""A slow, obvious interpreter of conditions, windows and history. It shares nothing with the engine but the plan."""
