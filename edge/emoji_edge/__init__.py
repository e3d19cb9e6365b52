"""Name the expression on a face, on your own device."""
