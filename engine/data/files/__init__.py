"""Reading a person's own images: folders, zips, and what may lie in them."""
