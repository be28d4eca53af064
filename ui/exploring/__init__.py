"""A run's test images: which classes are mistaken, and the images themselves."""
