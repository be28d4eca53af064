"""Networks as ordered, named blocks and a head; where their weights come from. `catalog` is torch-free."""
