"""The desk's pages: what runs now, what has run, and how the daemon is. All of it is asked of the daemon."""
