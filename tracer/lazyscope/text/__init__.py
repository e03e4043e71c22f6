"""What every output needs of texts and numbers; imports nothing of lazyscope."""
