"""One file per method. `engine.registry` finds them; importing this package loads neither a method nor torch."""
