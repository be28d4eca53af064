"""A saved run as a folder that works elsewhere: weights, a graph, a card and a short program."""
