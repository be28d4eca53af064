"""Several tasks learnt by one trunk: what each asks, how their gradients are weighed, and where they disagree."""
