"""The parts of the page Try it: saved runs at work on images that a person hands in."""
