"""The benches of heads, a file each."""
