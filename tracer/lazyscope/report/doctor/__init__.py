"""What `lazyscope doctor` knows: checks as functions of what was found, and how they are shown."""
