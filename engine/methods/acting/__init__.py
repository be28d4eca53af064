"""Ways to learn a policy, a file each."""
