"""What each role brings into a process; a role that a process does not have is not imported there."""
