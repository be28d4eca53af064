"""Data only: icons, style, presets and the bundled weights."""
