"""The data sets, one file each: `DATASET` says what it is. Found by `engine.data.sources`."""
