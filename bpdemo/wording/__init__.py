"""What people are told of a result, in words: the same on page, paper and command line."""
