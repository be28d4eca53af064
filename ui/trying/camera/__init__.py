"""What a camera sees, answered while one looks: frames come in by one port and are dropped rather than queued."""
