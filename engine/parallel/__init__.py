"""One run computed on several devices of this machine: parts of a batch are computed by processes beside its own."""
